import { describe, expect, it } from 'vitest';
import { type Schedule, scheduled } from './schedules.js';

const steps = 300;
const factors = (schedule: Schedule) =>
  Array.from({ length: steps }, (_, step) => scheduled(schedule, { step, steps, epoch: Math.floor(step / 100) }));

describe('scheduled', () => {
  it('stays where it is', () => {
    expect(new Set(factors({ name: 'constant' }))).toEqual(new Set([1]));
  });

  it('falls in steps', () => {
    const values = factors({ name: 'step', every: 0.25, factor: 0.5 });
    expect([0, 74, 75, 150, 225, 299].map((step) => values[step])).toEqual([1, 1, 0.5, 0.25, 0.125, 0.125]);
  });

  it.each([
    ['exponential', { name: 'exponential', end: 0.01 }, 0.1],
    ['cosine', { name: 'cosine' }, 0.5],
  ] as const)('falls along the %s', (_, schedule, half) => {
    const values = factors(schedule);
    expect(values[0]).toBe(1);
    expect(values[150]).toBeCloseTo(half, 6);
    expect(values.every((value, i) => i === 0 || value < values[i - 1]!)).toBe(true);
  });

  it('goes up once and down once', () => {
    const values = factors({ name: 'one-cycle', peak: 0.3 });
    expect(values[0]).toBeCloseTo(1 / 25, 6);
    expect(values.indexOf(Math.max(...values))).toBe(90);
    expect(Math.max(...values)).toBeCloseTo(1, 6);
    expect(values.at(-1)).toBeLessThan(1e-3);
  });

  it('falls by the epoch', () => {
    const values = factors({ name: 'inverse-time', decay: 0.5 });
    expect([0, 99, 100, 200, 299].map((step) => values[step])).toEqual([1, 1, 1 / 1.5, 0.5, 0.5]);
  });

  it('warms up', () => {
    const values = factors({ name: 'constant', warmup: 0.1 });
    expect(values[0]).toBeGreaterThan(0);
    expect(values.slice(0, 30).every((value, i) => i === 0 || value > values[i - 1]!)).toBe(true);
    expect(values.slice(30)).toEqual(Array(270).fill(1));
  });
});
