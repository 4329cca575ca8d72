/** Strokes as pictures: smooth lines through the points, as broad as the pen presses. */

import type { Strokes } from '@denary/core';
import type { Drawing, Size, Stroke, StrokePoint } from './drawing.js';

/** What is needed of a canvas, on the screen or off it. */
export type InkContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Pixels of the model's picture for one unit: enough for digits of 20, and few enough to read a line between two frames. */
const PICTURE_SCALE = 80;
/** Paper around the sheet, in units, so that strokes at its edge are whole. */
const MARGIN = 0.1;

/** How broad the line is at a pressure, as a share of the pen's width: 0.6 to 1.4, in sixteenths, and 1 where the device cannot tell. */
const breadth = (pressure: number): number => Math.round(16 * (0.6 + 0.8 * pressure)) / 16;

/**
 * Draws strokes with the context's colour, `scale` pixels for one unit, the pen `width` units wide. The points are the controls
 * of quadratic curves between the middles of their neighbours, so that the line has no corners but those that were drawn.
 */
export function drawInk(context: InkContext, strokes: readonly Stroke[], scale: number, width: number): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const { points } of strokes) drawStroke(context, points, scale, width * scale);
}

/** As one path, as long as the pen presses alike: where paths meet, seams may be seen. */
function drawStroke(context: InkContext, points: readonly StrokePoint[], scale: number, width: number): void {
  let from = points[0];
  let broad = 0;
  for (const [i, point] of points.entries()) {
    const next = points[i + 1];
    const to = next ? middle(point, next) : point;
    if (breadth(point.pressure) !== broad) {
      if (broad > 0) context.stroke();
      broad = breadth(point.pressure);
      context.lineWidth = width * broad;
      context.beginPath();
      context.moveTo(from!.x * scale, from!.y * scale);
    }
    context.quadraticCurveTo(point.x * scale, point.y * scale, to.x * scale, to.y * scale);
    from = to;
  }
  if (broad > 0) context.stroke();
}

const middle = (a: StrokePoint, b: StrokePoint): StrokePoint => ({
  ...a,
  x: (a.x + b.x) / 2,
  y: (a.y + b.y) / 2,
});

/** The strokes of such a picture, by the pen's width in units: black, and as broad as a pen that is pressed hard. */
export const strokesOf = (width: number): Strokes => ({
  width: Math.ceil(breadth(1) * width * PICTURE_SCALE),
  dark: true,
});

/** The picture that a recognizer is given: black on white, the same whatever the screen, the theme and the pad's size. */
export function pictureOf(drawing: Drawing, width: number): ImageData {
  const { sheet } = drawing;
  const side = (units: number) => Math.max(1, Math.round((units + 2 * MARGIN) * PICTURE_SCALE));
  const canvas = new OffscreenCanvas(side(sheet.width), side(sheet.height));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(MARGIN * PICTURE_SCALE, MARGIN * PICTURE_SCALE);
  context.strokeStyle = '#000';
  drawInk(context, drawing.all, PICTURE_SCALE, width);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** A box in pixels of the model's picture, in units of the drawing. */
export function boxInUnits({ x, y, width, height }: Size & { readonly x: number; readonly y: number }) {
  return {
    x: x / PICTURE_SCALE - MARGIN,
    y: y / PICTURE_SCALE - MARGIN,
    width: width / PICTURE_SCALE,
    height: height / PICTURE_SCALE,
  };
}
