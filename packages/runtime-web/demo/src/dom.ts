/** The page's elements, by their ids. */

export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as E;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Of what was counted. */
export const rate = (share: number | undefined): string =>
  share === undefined ? '–' : `${+(100 * share).toFixed(1)}%`;

/** Never more than is certain: of what is all but sure, 99.9%. */
export const percent = (share: number): string => `${(Math.floor(1000 * Math.min(share, 0.9999)) / 10).toFixed(1)}%`;

/** Pixels as the model takes them, bright ink on black, on a canvas of their size. */
export function showPixels(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(canvas.width, canvas.height);
  pixels.forEach((ink, i) => {
    image.data.set([ink, ink, ink, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}
