/** A gallery in a page: one sheet of pixels for all its images, each cell showing its part, with a caption that wraps as text does. */

import type { Dataset } from '../data/dataset.js';
import { type Html, html, raw } from './html.js';
import { pngAddress } from './png.js';

export interface Cell {
  readonly index: number;
  /** What is to be seen, for those who do not see it. */
  readonly alt: string;
  readonly caption: string;
}

export function sprites(dataset: Dataset, cells: readonly Cell[]): Html {
  const { height, width } = dataset;
  const scale = height > 100 ? 1 : Math.max(2, Math.round(60 / height));
  const [across, down] = [width * scale, height * scale];
  const sheet = pngAddress(strip(dataset, cells));
  const style = `--sheet:url(${sheet});--across:${across}px;--down:${down}px;--all:${cells.length * down}px`;
  return html`<ul class="sprites" style="${raw(style)}">${cells.map(
    ({ alt, caption }, i) =>
      html`<li><span role="img" aria-label="${alt}" style="--at:${-i * down}px"></span><span aria-hidden="true">${caption}</span></li>\n`,
  )}</ul>`;
}

/** The images below each other, the brightest pixel white: not every data set goes up to 255. */
function strip({ images, height, width }: Dataset, cells: readonly Cell[]) {
  const area = height * width;
  const data = new Uint8Array(cells.length * area);
  for (const [i, { index }] of cells.entries()) data.set(images.subarray(index * area, (index + 1) * area), i * area);
  const white = data.reduce((largest, pixel) => Math.max(largest, pixel), 1);
  return { data: data.map((pixel) => Math.round((pixel * 255) / white)), width, height: cells.length * height };
}

export const spritesCss = `.sprites{display:flex;flex-wrap:wrap;gap:.75rem;list-style:none;margin:0;padding:0}
.sprites li{display:flex;flex-direction:column;align-items:center;gap:.15rem;font-size:.85rem;font-variant-numeric:tabular-nums}
.sprites [role=img]{width:var(--across);height:var(--down);background:var(--sheet) 0 var(--at)/var(--across) var(--all);
image-rendering:pixelated;border:1px solid var(--line);print-color-adjust:exact;-webkit-print-color-adjust:exact}`;
