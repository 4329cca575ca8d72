/** A search in words: the live line, a line for each setting, the table of all of them, and the best. */

import type { SearchProgress, SettingOverrides, SettingValue, Spread, TrialResult } from '@denary/train';
import { bar, duration, percent, table } from './text.js';

export function progressLine(progress: SearchProgress): string {
  const { trial, trials, settings, fold, folds, epoch, epochs, step, steps, loss, accuracy, searchEta } = progress;
  const place = `${trial}/${trials} ${settingText(settings)}  fold ${fold}/${folds}  epoch ${epoch}/${epochs}`;
  const numbers = `accuracy ${percent(accuracy)}  loss ${loss.toFixed(4)}`;
  return `${place} ${bar(step / steps)} ${numbers}  ${duration(searchEta)} left`;
}

/** For people, when a setting is done. */
export function trialLine(
  { settings, accuracy, loss, failed, seconds }: TrialResult,
  number: number,
  of: number,
): string {
  const found = failed ? `diverged: ${failed}` : `accuracy ${accuracyText(accuracy).trim()}  loss ${lossText(loss)}`;
  return `${number}/${of} ${settingText(settings)}  ${found}  ${duration(seconds)}`;
}

/** A row for each setting, in the order given. */
export function resultTable(trials: readonly TrialResult[], folds: number): string {
  const keys = Object.keys(trials[0]!.settings);
  const notes = trials.map((trial) => noteOf(trial, folds));
  const noted = notes.some((note) => note !== '');
  const rows = trials.map(({ settings, accuracy, loss, failed, seconds }, i) => [
    ...keys.map((key) => valueText(settings[key]!)),
    failed ? '' : accuracyText(accuracy),
    failed ? '' : lossText(loss),
    duration(seconds),
    ...(noted ? [notes[i]!] : []),
  ]);
  return table([...keys, 'accuracy', 'loss', 'time', ...(noted ? ['note'] : [])], rows);
}

export function bestLine({ settings, accuracy, loss, folds }: TrialResult): string {
  const held = folds.length > 1 ? `over ${folds.length} folds` : 'on what was held out';
  const numbers = `accuracy ${accuracyText(accuracy).trim()}, loss ${lossText(loss)}`;
  return `Best: ${settingText(settings)} (${numbers}, ${held}; the test set was not read)`;
}

const valueText = (value: SettingValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** As it is typed. */
const settingText = (settings: SettingOverrides): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${valueText(value)}`)
    .join(' ');

function noteOf({ failed, finished, folds }: TrialResult, of: number): string {
  if (failed) return `diverged: ${failed}`;
  return finished ? '' : `${folds.length} of ${Math.max(of, 1)} folds`;
}

/** As wide for 9% as for 90%, so that the columns of a table stand straight. */
const accuracyText = (spread: Spread | undefined): string =>
  spread ? percent(spread.mean).padStart(6) + deviationText(spread, (value) => (value * 100).toFixed(2)) : '';

const lossText = (spread: Spread | undefined): string =>
  spread ? spread.mean.toFixed(4) + deviationText(spread, (value) => value.toFixed(4)) : '';

const deviationText = ({ deviation }: Spread, show: (value: number) => string): string =>
  deviation === undefined ? '' : ` ± ${show(deviation)}`;
