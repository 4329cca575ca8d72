import { expect, test } from 'vitest';
import { type ReadDigit, toReading } from './reading.js';

const digit = (digit: number, x: number, y: number, confidence: number): ReadDigit => ({
  digit,
  confidence,
  probabilities: [],
  box: { x, y, width: 10, height: 20 },
  touching: false,
});

test('a line has its text, the product of the confidences, and a box about all digits', () => {
  const reading = toReading([[digit(4, 5, 7, 0.9), digit(2, 30, 3, 0.5)], [], [digit(0, 8, 60, 1)]]);
  expect(reading.text).toBe('42\n0');
  expect(reading.lines).toHaveLength(2);
  expect(reading.lines[0]).toMatchObject({ text: '42', box: { x: 5, y: 3, width: 35, height: 24 } });
  expect(reading.lines[0]!.confidence).toBeCloseTo(0.45, 12);
});

test('an empty page reads as nothing', () => {
  expect(toReading([])).toEqual({ text: '', lines: [] });
  expect(toReading([[]])).toEqual({ text: '', lines: [] });
});
