import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { settingsOf } from './options.js';

it('limits images by maxPixels beside the limits of the recognizer', () => {
  const limits = (options: Parameters<typeof settingsOf>[0]) => settingsOf(options).recognizerOptions.limits;
  expect(limits({})).toEqual({ pixels: 16_000_000 });
  expect(limits({ limits: { bytes: 1000 } })).toEqual({ bytes: 1000, pixels: 16_000_000 });
  expect(limits({ limits: { bytes: 1000, pixels: 50 } })).toEqual({ bytes: 1000, pixels: 50 });
  expect(limits({ limits: { bytes: 1000 }, maxPixels: 70 })).toEqual({ bytes: 1000, pixels: 70 });
});

it('gives a run more time than a request', () => {
  const runTimeout = (options: Parameters<typeof settingsOf>[0]) => settingsOf(options).recognizerOptions.runTimeout;
  expect(runTimeout({})).toBe(60_000);
  expect(runTimeout({ timeout: 100_000 })).toBe(200_000);
  expect(runTimeout({ timeout: 100_000, runTimeout: 50 })).toBe(50);
  expect(runTimeout({ timeout: 2 ** 31 - 1 })).toBe(2 ** 31 - 1);
});

it('has as many workers as there is work for', () => {
  const crew = (options: Parameters<typeof settingsOf>[0]) => {
    const { workers, threads } = settingsOf(options).recognizerOptions;
    return { workers, threads };
  };
  const cores = availableParallelism();
  expect(crew({})).toEqual({ workers: Math.min(4, cores), threads: undefined });
  expect(crew({ variant: 'int8' })).toEqual({ workers: Math.min(2, Math.max(1, cores - 1)), threads: 1 });
  expect(crew({ variant: 'int8', workers: 3 })).toEqual({ workers: 3, threads: undefined });
});
