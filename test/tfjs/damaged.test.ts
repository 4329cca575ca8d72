/** Files that are damaged at random places: the error is a DenaryError, or the model is as good as it was. */

import { DenaryError, hash32 } from '@denary/core';
import { convertTfjsFiles } from '@denary/train/tfjs';
import { describe, expect, it } from 'vitest';
import { drawWeights, filesIn, savedFiles, tf } from './tfjs.js';

const l = tf.layers;
const encoder = new TextEncoder();

/** A model with something of everything that a file may have. */
async function original(): Promise<Map<string, Uint8Array>> {
  const input = tf.input({ shape: [6, 5, 2] });
  const conv = l
    .conv2d({ filters: 2, kernelSize: 2, padding: 'same', activation: 'relu' })
    .apply(input) as tf.SymbolicTensor;
  const pooled = l.maxPooling2d({ poolSize: 2 }).apply(l.batchNormalization().apply(conv)) as tf.SymbolicTensor;
  const steps = l.reshape({ targetShape: [3, 4] }).apply(pooled) as tf.SymbolicTensor;
  const both = l
    .bidirectional({ layer: l.lstm({ units: 2 }) as tf.RNN, mergeMode: 'concat' })
    .apply(steps) as tf.SymbolicTensor;
  const inside = tf.sequential({ layers: [l.dense({ units: 3, inputShape: [4] })] }).apply(both) as tf.SymbolicTensor;
  return savedFiles(drawWeights(tf.model({ inputs: input, outputs: inside }), 1));
}

/** Every place of a JSON value, as a path of keys. */
const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
  typeof value !== 'object' || value === null
    ? [path]
    : [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];

/** The value with another one at a place, or without it. */
function changed(value: unknown, [key, ...rest]: (string | number)[], to: unknown): unknown {
  if (key === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  if (rest.length === 0 && to === undefined) delete copy[key];
  else copy[key] = changed(copy[key], rest, to);
  return copy;
}

const others = [
  undefined,
  null,
  0,
  -1,
  1.5,
  1e20,
  '',
  'x',
  '../x',
  true,
  [],
  {},
  [[]],
  [null],
  ['a', 0, 0],
  { class_name: 'Dense', config: {} },
];

async function attempt(files: Map<string, Uint8Array>): Promise<string> {
  try {
    await convertTfjsFiles(filesIn(files));
    return 'converted';
  } catch (error) {
    if (error instanceof DenaryError) return error.code;
    throw error;
  }
}

describe('damaged files', () => {
  it('of another value at any place of model.json end in a DenaryError or in a model', async () => {
    const files = await original();
    const json: unknown = JSON.parse(new TextDecoder().decode(files.get('model.json')));
    const found = new Map<string, number>();
    for (const [i, path] of places(json).entries()) {
      for (let j = 0; j < 4; j++) {
        const other = others[hash32(i, j) % others.length];
        const text = JSON.stringify(changed(json, path, other)) ?? '';
        const end = await attempt(new Map([...files, ['model.json', encoder.encode(text)]]));
        found.set(end, (found.get(end) ?? 0) + 1);
      }
    }
    expect(found.get('bad-model')).toBeGreaterThan(300);
    expect(found.get('unknown-layer')).toBeGreaterThan(0);
    expect(
      [...found.keys()].filter((end) => !['bad-model', 'unknown-layer', 'converted', 'bad-argument'].includes(end)),
    ).toEqual([]);
  });

  it('that end early, or with bytes turned over, end in a DenaryError or in a model', async () => {
    const files = await original();
    const whole = files.get('model.json')!;
    for (let i = 0; i < 200; i++) {
      const at = hash32(7, i) % whole.length;
      const bytes = i % 2 ? whole.slice(0, at) : whole.with(at, hash32(8, i) % 256);
      expect(['bad-model', 'unknown-layer', 'converted', 'bad-argument']).toContain(
        await attempt(new Map([...files, ['model.json', bytes]])),
      );
    }
  });
});
