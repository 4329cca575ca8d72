/** A layer's weights as a picture: small images, one colour for what is below zero and one for what is above. */

import * as Plot from '@observablehq/plot';
import type { FirstLayer, Tile } from './first-layer.js';
import type { Draw, Picture } from './picture.js';
import { pngAddress } from './png.js';
import { NEGATIVE, POSITIVE } from './theme.js';

const WIDTH = 960;
const GAP = 6;
const TOP = 44;
export const MOST_TILES = 64;

/** Each number as a colour whose strength is its size: nothing at zero, so that it goes with either ground. */
export function drawWeights(draw: Draw, { name, what, tiles: all }: FirstLayer): Picture {
  const tiles = all.slice(0, MOST_TILES);
  const { height, width } = tiles[0]!;
  const columns = Math.min(tiles.length, Math.max(1, Math.round(Math.sqrt((4 * tiles.length * height) / width))));
  const labelled = tiles[0]!.label === '' ? 0 : 16;
  const scale = Math.min(24, (WIDTH / columns - GAP) / width);
  const [across, down] = [width * scale, height * scale];
  const limit = limitOf(tiles);
  const places = tiles.map((tile, i) => {
    const x1 = (i % columns) * (across + GAP);
    const y1 = TOP + Math.floor(i / columns) * (down + GAP + labelled) + labelled;
    return { x: x1 + across / 2, y: y1 + down / 2, x1, y1, x2: x1 + across, y2: y1 + down, tile };
  });
  const alt = `First layer, ${name}; each tile: ${what}; from −${limit.toPrecision(2)} to ${limit.toPrecision(2)}`;
  return draw('weights', alt, {
    width: WIDTH,
    height: Math.max(...places.map(({ y2 }) => y2)) + 2,
    margin: 1,
    axis: null,
    x: { type: 'identity' },
    y: { type: 'identity' },
    marks: [
      Plot.image(places, {
        ...{ x: 'x', y: 'y', width: across, height: down, preserveAspectRatio: 'none', imageRendering: 'pixelated' },
        src: ({ tile }: (typeof places)[number]) => pngAddress(colours(tile, limit)),
      }),
      Plot.rect(places, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', stroke: 'var(--line)' }),
      Plot.text(places, { x: 'x1', y: 'y1', text: ({ tile }) => tile.label, textAnchor: 'start', dy: -8 }),
      ...colourBar(limit),
    ],
  });
}

function colourBar(limit: number): Plot.Markish[] {
  const [left, width, y] = [72, 160, 14];
  const steps: Tile = { label: '', height: 1, width: 33, at: (_, x) => x - 16 };
  const src = pngAddress(colours(steps, 16));
  return [
    Plot.image([src], { x: left + width / 2, y, src: [src], width, height: 14, preserveAspectRatio: 'none' }),
    Plot.text([`≤ −${limit.toPrecision(2)}`], { x: left - 6, y, textAnchor: 'end' }),
    Plot.text([`≥ ${limit.toPrecision(2)}`], { x: left + width + 6, y, textAnchor: 'start' }),
  ];
}

/** Where the colours end: the few weights beyond it would leave all others pale. */
function limitOf(tiles: readonly Tile[]): number {
  const sizes = tiles.flatMap(({ height, width, at }) =>
    Array.from({ length: height * width }, (_, i) => Math.abs(at(Math.floor(i / width), i % width))),
  );
  sizes.sort((a, b) => a - b);
  return sizes[Math.floor(0.995 * (sizes.length - 1))] || 1e-12;
}

function colours({ height, width, at }: Tile, limit: number) {
  const data = new Uint8Array(height * width * 4);
  for (let i = 0; i < height * width; i++) {
    const value = Math.max(-1, Math.min(1, at(Math.floor(i / width), i % width) / limit));
    data.set(value < 0 ? NEGATIVE : POSITIVE, 4 * i);
    // 32 steps are all that an eye can tell, and compress well.
    data[4 * i + 3] = Math.round(Math.abs(value) * 31) * (255 / 31);
  }
  return { data, width, height };
}
