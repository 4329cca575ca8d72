/** A pen and an eraser for images of 28x28: strokes with soft edges, and where the ink of a digit lies. */

export const SIDE = 28;

/** Draws a straight stroke of that width in pixels onto the image, from [x, y] to [x, y]; erases where `ink` is 0. */
export function stroke(pixels, [x1, y1], [x2, y2], width, ink = 255) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const square = dx * dx + dy * dy || 1;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const along = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / square));
      const distance = Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
      const cover = Math.min(1, Math.max(0, width / 2 + 0.5 - distance));
      const at = y * SIDE + x;
      pixels[at] = ink === 0 ? Math.round(pixels[at] * (1 - cover)) : Math.max(pixels[at], Math.round(ink * cover));
    }
  }
}

const DARK = 96;

/** The first and last row and column with ink; undefined for an empty image. */
export function boxOf(pixels) {
  let box;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      if (pixels[y * SIDE + x] < DARK) continue;
      box ??= { top: y, bottom: y, left: x, right: x };
      box = { top: box.top, bottom: y, left: Math.min(box.left, x), right: Math.max(box.right, x) };
    }
  }
  return box;
}

/** The runs of ink in a row, from left to right: [first column, last column] each. */
export function runsOf(pixels, row) {
  const runs = [];
  for (let x = 0; x < SIDE; x++) {
    if (pixels[row * SIDE + x] < DARK) continue;
    if (runs.at(-1)?.[1] === x - 1) runs.at(-1)[1] = x;
    else runs.push([x, x]);
  }
  return runs;
}

/** How wide the digit's strokes are, in pixels: its ink over the length of its middle lines, by twice the area per edge. */
export function penOf(pixels) {
  let [area, edge] = [0, 0];
  const inked = (x, y) => x >= 0 && y >= 0 && x < SIDE && y < SIDE && pixels[y * SIDE + x] >= DARK;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      if (!inked(x, y)) continue;
      area++;
      edge += !inked(x - 1, y) + !inked(x + 1, y) + !inked(x, y - 1) + !inked(x, y + 1);
    }
  }
  // A long stroke of width w has 2 edges a unit of length; slanted ones count 4/pi times as many on a grid.
  return edge === 0 ? 2 : Math.min(4, Math.max(1.5, (2 * area * (4 / Math.PI)) / edge));
}

/** Each pixel of the result is taken, bilinearly, from where `source` says: [x, y] of the image for column x and row y. */
export function warp(pixels, source) {
  const result = new Uint8Array(SIDE * SIDE);
  const at = (x, y) => (x >= 0 && y >= 0 && x < SIDE && y < SIDE ? pixels[y * SIDE + x] : 0);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [sx, sy] = source(x, y);
      const [left, top] = [Math.floor(sx), Math.floor(sy)];
      const [wx, wy] = [sx - left, sy - top];
      const above = at(left, top) * (1 - wx) + at(left + 1, top) * wx;
      const below = at(left, top + 1) * (1 - wx) + at(left + 1, top + 1) * wx;
      result[y * SIDE + x] = Math.round(above * (1 - wy) + below * wy);
    }
  }
  return result;
}
