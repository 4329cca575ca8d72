/** How a training shows itself while it runs: one live line, and a line an epoch. */

import type { EpochLog, Progress } from '@denary/train';
import { bar, count, duration, percent } from './text.js';

export function progressLine({ epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, eta }: Progress): string {
  const numbers = `accuracy ${percent(accuracy)}  loss ${loss.toFixed(4)}`;
  return `epoch ${epoch}/${epochs} ${bar(step / steps)} ${numbers}  ${count(imagesPerSecond)} images/s  ${duration(eta)} left`;
}

export function epochLine({ epoch, seconds, accuracy, loss, validationAccuracy, validationLoss }: EpochLog): string {
  const line = `epoch ${epoch}  ${duration(seconds)}  accuracy ${percent(accuracy)}  loss ${loss.toFixed(4)}`;
  if (validationAccuracy === undefined) return line;
  return `${line}  validation ${percent(validationAccuracy)} (loss ${validationLoss?.toFixed(4)})`;
}
