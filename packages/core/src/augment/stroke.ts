/** Wider and narrower strokes: grey dilation or erosion with a cross of five pixels, blended in as far as is asked for. */

import type { Canvas } from './warp.js';

/** Makes the strokes wider by so many pixels, at most 2, or narrower where negative: each edge moves by half of it. */
export function changeStroke(canvas: Canvas, pixels: number): void {
  if (pixels > 0) canvas.grow();
  dilate(canvas, Math.round(Math.abs(pixels) * 128), pixels > 0 ? 0 : 255);
}

/** `share` is in 1/256. Erosion is the dilation of the negative, where `flip` is 255. Beyond the image lies ground. */
function dilate(canvas: Canvas, share: number, flip: number): void {
  const { stride, pixels: from, spare: to, top, bottom, left, right } = canvas;
  // What an earlier image left there must not show beside this one's ink.
  to.fill(0);
  for (let y = top; y <= bottom; y++) {
    const end = y * stride + right;
    for (let p = y * stride + left; p <= end; p++) {
      const here = from[p]! ^ flip;
      let most = here;
      let next = from[p - stride]! ^ flip;
      if (next > most) most = next;
      next = from[p + stride]! ^ flip;
      if (next > most) most = next;
      next = from[p - 1]! ^ flip;
      if (next > most) most = next;
      next = from[p + 1]! ^ flip;
      if (next > most) most = next;
      to[p] = (here + (((most - here) * share + 128) >> 8)) ^ flip;
    }
  }
  canvas.swap();
}
