/** What was read, as the page shows it: the text, how sure it is, the bars, what the model saw, and how long it took. */

import { FIELD, normalise, type ReadDigit, toGrey } from '@denary/core';
import type { PredictionDetail } from '@denary/runtime-web/pad';
import { byId, element, percent } from './dom.js';

const text = byId('text');
const confidence = byId('confidence');
const field = byId<HTMLCanvasElement>('field');
const digits = byId('digits');
const time = byId('time');

/** A bar for each digit, made once. */
const bars = Array.from({ length: 10 }, (_, digit) => {
  const share = element('span', { className: 'unseen' });
  const row = element('li', {}, element('span', { className: 'bar' }), `${digit}`, share);
  return { row, share };
});
byId('bars').append(...bars.map(({ row }) => row));

/** The digit of a number whose bars are shown, counted from the left. */
let chosen = 0;

export function showResult(detail: PredictionDetail): void {
  const { prediction, reading, picture } = detail;
  text.textContent = detail.text;
  text.dataset.length = detail.text.length > 12 ? 'long' : 'short';
  confidence.textContent = comment(detail);
  if (picture) time.textContent = `${detail.milliseconds.toFixed(detail.milliseconds < 10 ? 1 : 0)} ms`;
  const all = reading?.lines.flatMap((line) => line.digits) ?? [];
  chosen = Math.min(chosen, Math.max(0, all.length - 1));
  showDigits(all);
  showBars(prediction?.probabilities ?? all[chosen]?.probabilities ?? []);
  if (detail.mode === 'digit') showField(picture);
}

function comment({ picture, text, confidence, prediction }: PredictionDetail): string {
  if (!picture) return '';
  if (prediction?.rejected) return `not read: ${prediction.rejected}`;
  return text === '' ? 'no digit found' : `${percent(confidence)} sure`;
}

function showBars(probabilities: readonly number[]): void {
  const best = probabilities.indexOf(Math.max(...probabilities));
  for (const [digit, { row, share }] of bars.entries()) {
    const probability = probabilities[digit] ?? 0;
    row.style.setProperty('--share', `${probability}`);
    row.classList.toggle('best', digit === best && probability > 0);
    share.textContent = `: ${percent(probability)}`;
  }
}

/** The picture that the model is given, made by the package from the same pixels. */
function showField(picture: ImageData | null): void {
  const context = field.getContext('2d')!;
  context.clearRect(0, 0, FIELD, FIELD);
  field.setAttribute('aria-label', picture ? 'The drawing in 28 by 28 pixels' : 'Nothing yet');
  if (!picture) return;
  const { data, width, height } = picture;
  const { pixels } = normalise(toGrey({ data, width, height, channels: 4 }));
  const image = context.createImageData(FIELD, FIELD);
  pixels.forEach((ink, i) => {
    image.data.set([ink, ink, ink, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

/** Those of a number: each can be asked for its bars. */
function showDigits(all: readonly ReadDigit[]): void {
  const buttons = all.map(({ digit, confidence, probabilities, rejected }, i) => {
    const note = element('small', { textContent: percent(confidence) });
    const button = element(
      'button',
      { type: 'button', ariaPressed: `${i === chosen}` },
      rejected ? '?' : `${digit}`,
      note,
    );
    button.addEventListener('click', () => {
      chosen = i;
      for (const [j, other] of buttons.entries()) other.ariaPressed = `${j === i}`;
      showBars(probabilities);
    });
    return button;
  });
  digits.replaceChildren(digits.firstElementChild!, ...buttons);
}
