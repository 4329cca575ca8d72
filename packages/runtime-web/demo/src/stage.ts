/** What lies in the pad's place: the pad, an image, or the camera; and boxes about the digits on the latter two. */

import type { Reading } from '@denary/core';
import { byId, element } from './dom.js';

export type Stage = 'pad' | 'image' | 'camera';

const demo = byId('demo');
const frame = byId('frame');
const boxes = byId('boxes');
const parts = { pad: byId('pad'), image: byId<HTMLImageElement>('image'), camera: byId<HTMLVideoElement>('video') };

export const { image, camera: video } = parts;

export function showStage(stage: Stage): void {
  demo.dataset.stage = stage;
  frame.hidden = stage === 'pad';
  for (const [name, part] of Object.entries(parts)) part.hidden = name !== stage;
  showBoxes(null, { width: 1, height: 1 });
}

/** Shows an image in its shape. */
export function showImage(file: Blob, { width, height }: ImageData): void {
  image.src = URL.createObjectURL(file);
  image.alt = 'The image that is read';
  frame.style.setProperty('--ratio', `${width / height}`);
  showStage('image');
}

export const stageNow = (): Stage => demo.dataset.stage as Stage;

/** Boxes in pixels of a picture that fills the frame. */
export function showBoxes(reading: Reading | null, picture: { readonly width: number; readonly height: number }): void {
  const digits = reading?.lines.flatMap((line) => line.digits) ?? [];
  const share = (part: number, whole: number) => `${(100 * part) / whole}%`;
  boxes.replaceChildren(
    ...digits.map(({ digit, rejected, box }) => {
      const made = element('div', { className: 'box' });
      made.dataset.digit = rejected ? '?' : `${digit}`;
      made.style.left = share(box.x, picture.width);
      made.style.top = share(box.y, picture.height);
      made.style.width = share(box.width, picture.width);
      made.style.height = share(box.height, picture.height);
      return made;
    }),
  );
}

/** What went wrong, in a line under the stage; nothing takes it away. */
export function showProblem(error?: unknown): void {
  const { remedy, expected, received } = (error ?? {}) as { remedy?: string; expected?: string; received?: string };
  const said = remedy
    ? `Expected ${expected}, received ${received}. ${remedy}`
    : `${(error as Error)?.message ?? error}`;
  byId('problem').textContent = error === undefined ? '' : said;
}
