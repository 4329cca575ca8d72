/** What was read, as the page shows it: the text, how sure it is, the bars, what the model saw, and how long it took. */

import { type Box, FIELD, normalise, type ReadDigit, toGrey } from '@denary/core';
import type { PredictionDetail } from '@denary/runtime-web/pad';
import { byId, element, percent, showPixels } from './dom.js';

const text = byId('text');
const confidence = byId('confidence');
const field = byId<HTMLCanvasElement>('field');
const digits = byId('digits');
const time = byId('time');

/** A bar for each digit, made once; also the button that says that this is the right one. */
const bars = Array.from({ length: 10 }, (_, digit) => {
  const share = element('span', { className: 'unseen' });
  const button = element(
    'button',
    { type: 'button', disabled: true },
    element('span', { className: 'bar' }),
    `${digit}`,
    share,
  );
  const row = element('li', {}, button);
  return { row, button, share };
});
byId('bars').append(...bars.map(({ row }) => row));

/** Something that was read, perhaps wrongly. */
export interface Misread {
  readonly picture: ImageData;
  /** What it was read as. */
  readonly text: string;
}

/** What the bars are about, and who is told of corrections. */
let subject: Misread | undefined;
let teacher: ((misread: Misread, label: number) => void) | undefined;

/** From now on the bars can be tapped. */
export function onCorrection(take: (misread: Misread, label: number) => void): void {
  teacher = take;
  byId('misread').hidden = false;
  for (const [digit, { button }] of bars.entries())
    button.addEventListener('click', () => subject && take(subject, digit));
  about(subject);
}

function about(misread: Misread | undefined): void {
  subject = misread;
  for (const { button } of bars) button.disabled = !teacher || !misread;
}

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
  showDigits(all, picture);
  showBars(prediction?.probabilities ?? all[chosen]?.probabilities ?? []);
  if (detail.mode === 'digit') showField(picture);
  about(picture ? subjectOf(detail, picture, all[chosen]) : undefined);
}

/** What a correction would be about: the picture of one digit, or the digit of a number that is looked at. */
function subjectOf({ mode, text, prediction }: PredictionDetail, picture: ImageData, digit: ReadDigit | undefined) {
  if (mode === 'line') return digit && ofNumber(picture, digit);
  return prediction?.probabilities.some(Boolean) ? { picture, text } : undefined;
}

/** Digits that touch were parted by a guess: that is no lesson. */
const ofNumber = (picture: ImageData, { digit, box, touching }: ReadDigit): Misread | undefined =>
  touching ? undefined : { picture: cutOut(picture, box), text: `${digit}` };

/** A box of a picture, with paper around it. */
function cutOut(picture: ImageData, { x, y, width, height }: Box): ImageData {
  const margin = Math.ceil(height / 4);
  const whole = element('canvas', { width: picture.width, height: picture.height });
  whole.getContext('2d')!.putImageData(picture, 0, 0);
  const cut = element('canvas', { width: width + 2 * margin, height: height + 2 * margin });
  const context = cut.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, cut.width, cut.height);
  context.drawImage(whole, x, y, width, height, margin, margin, width, height);
  return context.getImageData(0, 0, cut.width, cut.height);
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
  field.setAttribute('aria-label', picture ? 'The drawing in 28 by 28 pixels' : 'Nothing yet');
  if (!picture) {
    field.getContext('2d')!.clearRect(0, 0, FIELD, FIELD);
    return;
  }
  const { data, width, height } = picture;
  showPixels(field, normalise(toGrey({ data, width, height, channels: 4 })).pixels);
}

/** Those of a number: each can be asked for its bars. */
function showDigits(all: readonly ReadDigit[], picture: ImageData | null): void {
  const buttons = all.map((one, i) => {
    const { digit, confidence, probabilities, rejected } = one;
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
      about(picture ? ofNumber(picture, one) : undefined);
    });
    return button;
  });
  digits.replaceChildren(digits.firstElementChild!, ...buttons);
}
