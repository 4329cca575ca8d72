/**
 * Hands that MNIST's writers did not have, as distortions of its 28x28 digits. Each is a pure function of the pixels, the
 * label and a draw: what varies from one digit to the next varies by the draw alone, so that a seed fixes a whole population.
 */

import { boxOf, penOf, runsOf, SIDE, stroke, warp } from './ink.mjs';

const MIDDLE = (SIDE - 1) / 2;

/** `draw(i)` is the digit's i-th number, even in [-1, 1). */
export const hands = {
  /** Uprights lean by 32 to 42 degrees. */
  slant: (pixels, _label, draw) => lean(pixels, 37 + 5 * draw(0)),

  /** Sevens have a bar across the stem. */
  'seven with a bar': (pixels, label, draw) => (label === 7 ? barred(pixels, draw) : pixels),

  /** Fours are open and wide at the top. */
  'open four': (pixels, label, draw) => (label === 4 ? opened(pixels, draw) : pixels),

  /** Ones have a flag at the top and a foot. */
  'one with a flag': (pixels, label, draw) => (label === 1 ? flagged(pixels, draw) : pixels),

  /** Strokes grow by some 4 pixels. */
  'thick marker': (pixels, _label, draw) => thicker(pixels, 2 + 0.3 * draw(0)),

  /** Digits of 45 to 55% of the size, not quite in the middle. */
  tiny: (pixels, _label, draw) => smaller(pixels, 0.5 + 0.05 * draw(0), [2 * draw(1), 2 * draw(2)]),

  /** Left and right are exchanged. */
  mirrored: (pixels) => warp(pixels, (x, y) => [SIDE - 1 - x, y]),
};

function lean(pixels, degrees) {
  const slope = Math.tan((degrees * Math.PI) / 180);
  return warp(pixels, (x, y) => [x + slope * (y - MIDDLE), y]);
}

function smaller(pixels, scale, [right, down]) {
  // Each pixel is a mean over the area that it shrinks from; four samples a side are enough.
  const parts = [-0.375, -0.125, 0.125, 0.375];
  const samples = parts.flatMap((dx) => parts.map((dy) => [dx, dy]));
  const sum = new Float64Array(SIDE * SIDE);
  for (const [dx, dy] of samples) {
    const one = warp(pixels, (x, y) => [
      MIDDLE + (x + dx - MIDDLE - right) / scale,
      MIDDLE + (y + dy - MIDDLE - down) / scale,
    ]);
    for (let i = 0; i < sum.length; i++) sum[i] += one[i] / samples.length;
  }
  return Uint8Array.from(sum, Math.round);
}

/** The darkest pixel within the radius; the disc's edge is soft. */
function thicker(pixels, radius) {
  const result = new Uint8Array(SIDE * SIDE);
  const reach = Math.ceil(radius);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let most = 0;
      for (let v = Math.max(0, y - reach); v <= Math.min(SIDE - 1, y + reach); v++) {
        for (let u = Math.max(0, x - reach); u <= Math.min(SIDE - 1, x + reach); u++) {
          const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(u - x, v - y)));
          most = Math.max(most, cover * pixels[v * SIDE + u]);
        }
      }
      result[y * SIDE + x] = Math.round(most);
    }
  }
  return result;
}

function barred(pixels, draw) {
  const box = boxOf(pixels);
  if (!box) return pixels;
  const result = pixels.slice();
  const row = Math.round(box.top + (0.55 + 0.06 * draw(0)) * (box.bottom - box.top));
  const [left, right] = runsOf(pixels, row).at(-1) ?? [MIDDLE, MIDDLE];
  const [middle, half, rise] = [(left + right) / 2 + draw(1), 7 + draw(2), 0.6 * draw(3)];
  stroke(result, [middle - half, row + rise], [middle + half, row - rise], penOf(pixels));
  return result;
}

function flagged(pixels, draw) {
  const box = boxOf(pixels);
  if (!box) return pixels;
  const result = pixels.slice();
  const pen = penOf(pixels);
  const middleOf = (row) => {
    const runs = runsOf(pixels, row);
    return runs.length === 0 ? MIDDLE : (runs[0][0] + runs.at(-1)[1]) / 2;
  };
  const [top, bottom] = [box.top + pen / 2 - 0.5, box.bottom - pen / 2 + 0.5];
  const [head, heel] = [middleOf(Math.round(top)), middleOf(Math.round(bottom))];
  stroke(result, [head, top], [head - 8 - draw(0), top + 9 + 2 * draw(1)], pen);
  stroke(result, [heel - 5 - draw(2), bottom + 0.4 * draw(3)], [heel + 5 + draw(4), bottom - 0.4 * draw(3)], pen);
  return result;
}

function opened(pixels, draw) {
  const box = boxOf(pixels);
  if (!box) return pixels;
  const height = box.bottom - box.top;
  const waist = box.top + 0.55 * height;
  // The arms stand apart from the crossbar upwards.
  const spread = 0.45 + 0.1 * draw(0);
  const centre = (box.left + box.right) / 2;
  const wide = warp(pixels, (x, y) => {
    const up = Math.min(1, Math.max(0, (waist - y) / (waist - box.top || 1)));
    return [centre + (x - centre) / (1 + spread * up), y];
  });
  // Whatever still joins them at the top is left out.
  const rows = Math.round(0.3 * height);
  for (let y = Math.max(0, box.top - 1); y <= box.top + rows; y++) {
    for (let x = 0; x < SIDE; x++) {
      const off = Math.abs(x - centre);
      if (off < 3) wide[y * SIDE + x] = 0;
    }
  }
  return wide;
}
