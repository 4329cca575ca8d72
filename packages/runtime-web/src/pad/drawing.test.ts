import { expect, test } from 'vitest';
import { Drawing } from './drawing.js';

const surface = { width: 400, height: 200 };

function draw(drawing: Drawing, x: number, on = surface): void {
  drawing.begin('mouse', on);
  drawing.extend({ x, y: 0.5, pressure: 0.5, time: 0 });
  drawing.end();
}
const places = (drawing: Drawing) => drawing.all.map(({ points }) => points[0]!.x);

test('undo takes back strokes and clearings, redo does them again, a new stroke ends that', () => {
  const drawing = new Drawing();
  expect(drawing.undo()).toBe(false);
  draw(drawing, 0.1);
  draw(drawing, 0.2);
  drawing.clear();
  expect(drawing.blank).toBe(true);
  drawing.undo();
  expect(places(drawing)).toEqual([0.1, 0.2]);
  drawing.undo();
  expect(places(drawing)).toEqual([0.1]);
  drawing.redo();
  drawing.redo();
  expect(drawing.blank).toBe(true);
  drawing.undo();
  draw(drawing, 0.3);
  expect(drawing.redo()).toBe(false);
  expect(places(drawing)).toEqual([0.1, 0.2, 0.3]);
});

test('a stroke that is cancelled, or has no point, was never there', () => {
  const drawing = new Drawing();
  drawing.begin('touch', surface);
  drawing.extend({ x: 0.1, y: 0.1, pressure: 0.5, time: 0 });
  expect(drawing.undo()).toBe(false);
  drawing.cancel();
  drawing.begin('pen', surface);
  expect(drawing.end()).toBeUndefined();
  expect(drawing.blank).toBe(true);
  expect(drawing.canUndo).toBe(false);
});

test('points on one spot are one', () => {
  const drawing = new Drawing();
  drawing.begin('pen', surface);
  for (const time of [0, 1, 2]) drawing.extend({ x: 0.5, y: 0.5, pressure: 0.5, time });
  expect(drawing.end()?.points).toHaveLength(1);
});

test('the sheet is what the surface covered, and fits on every surface', () => {
  const drawing = new Drawing();
  expect(drawing.scaleOn(surface)).toBe(200);
  draw(drawing, 1.9);
  expect(drawing.sheet).toEqual({ width: 2, height: 1 });
  const phone = { width: 100, height: 100 };
  expect(drawing.scaleOn(phone)).toBe(50);
  draw(drawing, 1, phone);
  expect(drawing.sheet).toEqual({ width: 2, height: 2 });
  expect(drawing.scaleOn({ width: 1000, height: 400 })).toBe(200);
});
