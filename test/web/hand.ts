/** A hand that draws digits on a page, with mouse, pen or finger. */
import type { Locator, Page } from 'playwright-core';

type Point = readonly [x: number, y: number];
type Strokes = readonly (readonly Point[])[];

/** Digits as people draw them, in a square of side 1. */
export const shapes = {
  1: [
    [
      [0.5, 0.18],
      [0.49, 0.5],
      [0.48, 0.82],
    ],
  ],
  4: [
    [
      [0.4, 0.2],
      [0.33, 0.52],
      [0.68, 0.52],
    ],
    [
      [0.6, 0.3],
      [0.58, 0.82],
    ],
  ],
  7: [
    [
      [0.28, 0.24],
      [0.5, 0.23],
      [0.74, 0.24],
      [0.66, 0.42],
      [0.55, 0.62],
      [0.47, 0.84],
    ],
  ],
  8: [
    [
      [0.6, 0.28],
      [0.45, 0.22],
      [0.36, 0.34],
      [0.5, 0.48],
      [0.64, 0.62],
      [0.55, 0.8],
      [0.38, 0.74],
      [0.4, 0.58],
      [0.6, 0.42],
      [0.62, 0.3],
    ],
  ],
  9: [
    [
      [0.68, 0.3],
      [0.5, 0.2],
      [0.34, 0.35],
      [0.45, 0.5],
      [0.66, 0.42],
      [0.68, 0.3],
      [0.66, 0.6],
      [0.62, 0.82],
    ],
  ],
  /** A nine of one who draws it with corners: the shipped model reads a four. */
  cornered9: [
    [
      [0.4, 0.2],
      [0.33, 0.52],
      [0.68, 0.52],
    ],
    [
      [0.6, 0.34],
      [0.58, 0.82],
    ],
    [
      [0.4, 0.2],
      [0.6, 0.34],
    ],
  ],
} as const satisfies Record<string, Strokes>;

export type Shape = keyof typeof shapes;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Points on the way, in pixels of the page, so close together as a device samples them. */
export function pathsOf(digit: Shape, { x, y, width, height }: Place, steps = 6): Point[][] {
  return (shapes[digit] as Strokes).map((stroke) => {
    const corners = stroke.map(([u, v]): Point => [x + u * width, y + v * height]);
    const way = corners.slice(1).flatMap(([toX, toY], i) => {
      const [fromX, fromY] = corners[i]!;
      return Array.from({ length: steps }, (_, step): Point => {
        const share = (step + 1) / steps;
        return [fromX + share * (toX - fromX), fromY + share * (toY - fromY)];
      });
    });
    return [corners[0]!, ...way];
  });
}

export async function placeOf(pad: Locator): Promise<Place> {
  await pad.scrollIntoViewIfNeeded();
  return (await pad.boundingBox())!;
}

export async function drawWithMouse(page: Page, digit: Shape, place: Place): Promise<void> {
  for (const path of pathsOf(digit, place)) {
    await page.mouse.move(...path[0]!);
    await page.mouse.down();
    for (const point of path.slice(1)) await page.mouse.move(...point);
    await page.mouse.up();
  }
}

/** A number from left to right, each digit in a square of its own. */
export async function writeNumber(page: Page, digits: readonly Shape[], { x, y, width, height }: Place): Promise<void> {
  const step = width / digits.length;
  const side = Math.min(step, height) * 0.9;
  for (const [i, digit] of digits.entries()) {
    const place = { x: x + i * step + (step - side) / 2, y: y + (height - side) / 2, width: side, height: side };
    await drawWithMouse(page, digit, place);
  }
}

/** A pen that presses harder on its way, by Chrome's own protocol. */
export async function drawWithPen(page: Page, digit: Shape, place: Place): Promise<void> {
  const client = await page.context().newCDPSession(page);
  for (const path of pathsOf(digit, place)) {
    for (const [i, [x, y]] of path.entries()) {
      const force = 0.2 + (0.6 * i) / path.length;
      const type = i === 0 ? 'mousePressed' : 'mouseMoved';
      const common = { x, y, button: 'left', buttons: 1, pointerType: 'pen', force, clickCount: 1 } as const;
      await client.send('Input.dispatchMouseEvent', { ...common, type });
    }
    const [x, y] = path.at(-1)!;
    const up = { type: 'mouseReleased', x, y, button: 'left', buttons: 0, pointerType: 'pen', clickCount: 1 } as const;
    await client.send('Input.dispatchMouseEvent', up);
  }
  await client.detach();
}

export async function drawWithFinger(page: Page, paths: readonly (readonly Point[])[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  for (const path of paths) {
    for (const [i, [x, y]] of path.entries()) {
      const type = i === 0 ? 'touchStart' : 'touchMove';
      await client.send('Input.dispatchTouchEvent', { type, touchPoints: [{ x, y }] });
    }
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  }
  await client.detach();
}
