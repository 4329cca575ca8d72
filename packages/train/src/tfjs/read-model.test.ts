import { describe, expect, it } from 'vitest';
import { readTfjsModel } from './read-model.js';

type Files = Record<string, Uint8Array | string>;

const readFrom = (files: Files, asked: string[] = []) =>
  readTfjsModel({
    name: 'a model',
    read: async (path) => {
      asked.push(path);
      const found = files[path];
      if (found === undefined) throw new Error(`there is no ${path}`);
      return typeof found === 'string' ? new TextEncoder().encode(found) : found;
    },
  });

interface Weight {
  name: string;
  shape: unknown;
  dtype: string;
  quantization?: object;
  group?: string;
}

const json = (weights: Weight[], paths: unknown[] = ['a.bin'], rest: object = {}) =>
  JSON.stringify({ format: 'layers-model', modelTopology: {}, weightsManifest: [{ paths, weights }], ...rest });

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const vector = (dtype = 'float32', quantization?: object): Weight => ({
  name: 'w',
  shape: [2],
  dtype,
  ...(quantization && { quantization }),
});

describe('the weights of a model', () => {
  it('are read across shards, in the types that they have', async () => {
    const weights = [vector(), { name: 'n', shape: [], dtype: 'int32' }, { name: 'b', shape: [3], dtype: 'bool' }];
    const all = new Uint8Array([...floats(1.5, -2), ...new Uint8Array(Int32Array.of(-7).buffer), 1, 0, 1]);
    const files = {
      'model.json': json(weights, ['a.bin', 'b/c.bin']),
      'a.bin': all.slice(0, 5),
      'b/c.bin': all.slice(5),
    };
    const model = await readFrom(files);
    expect(model.weights.get('w')).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1.5, -2) });
    expect(model.weights.get('n')).toEqual({ dtype: 'int32', shape: [], data: Int32Array.of(-7) });
    expect(model.weights.get('b')).toEqual({ dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) });
  });

  it.each([
    ['uint8', Uint8Array.of(0, 255), { dtype: 'uint8', scale: 0.5, min: -1 }, [-1, 126.5]],
    ['uint16', new Uint8Array(Uint16Array.of(1, 65535).buffer), { dtype: 'uint16', scale: 2, min: 3 }, [5, 131073]],
    // 1, -2^-24 (the smallest below normal), 65504 (the largest), infinity
    ['float16', new Uint8Array(Uint16Array.of(0x3c00, 0x8001).buffer), { dtype: 'float16' }, [1, -(2 ** -24)]],
    [
      'float16 at its ends',
      new Uint8Array(Uint16Array.of(0x7bff, 0xfc00).buffer),
      { dtype: 'float16' },
      [65504, -Infinity],
    ],
  ])('quantised to %s are what they stand for', async (_, bytes, quantization, expected) => {
    const model = await readFrom({ 'model.json': json([vector('float32', quantization)]), 'a.bin': bytes });
    expect(model.weights.get('w')).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.from(expected) });
  });

  it('of whole numbers are rounded, those of the optimizer and strings are left out', async () => {
    const weights = [
      vector('int32', { dtype: 'uint8', scale: 0.4, min: 0 }),
      { name: 's', shape: [1], dtype: 'string' },
      { name: 'o', shape: [1], dtype: 'float32', group: 'optimizer' },
    ];
    const bytes = new Uint8Array([1, 2, 2, 0, 0, 0, 104, 105, ...floats(4)]);
    const model = await readFrom({ 'model.json': json(weights), 'a.bin': bytes });
    expect([...model.weights]).toEqual([['w', { dtype: 'int32', shape: [2], data: Int32Array.of(0, 1) }]]);
  });
});

describe('what is damaged', () => {
  const good = json([vector()]);
  it.each<[string, Files]>([
    ['no JSON', { 'model.json': '{"format":' }],
    ['no text', { 'model.json': Uint8Array.of(0xff, 0xfe, 0) }],
    ['JSON that is no object', { 'model.json': '[]' }],
    ['no topology', { 'model.json': '{"weightsManifest":[]}' }],
    ['a foreign format', { 'model.json': json([], [], { format: 'tflite' }) }],
    ['a missing shard', { 'model.json': good }],
    ['a short shard', { 'model.json': good, 'a.bin': floats(1) }],
    ['a shard of half a number', { 'model.json': good, 'a.bin': floats(1, 2).slice(0, 7) }],
    ['a long shard', { 'model.json': good, 'a.bin': floats(1, 2, 3) }],
    ['an unknown type', { 'model.json': json([vector('float128')]), 'a.bin': floats(1, 2) }],
    ['complex numbers', { 'model.json': json([vector('complex64')]), 'a.bin': floats(1, 2, 3, 4) }],
    ['an unknown quantisation', { 'model.json': json([vector('float32', { dtype: 'int4' })]), 'a.bin': floats(1) }],
    [
      'a quantisation without a scale',
      { 'model.json': json([vector('float32', { dtype: 'uint8' })]), 'a.bin': floats(1) },
    ],
    ['quantised truth values', { 'model.json': json([vector('bool', { dtype: 'float16' })]), 'a.bin': floats(1) }],
    ['a negative size', { 'model.json': json([{ ...vector(), shape: [-2] }]), 'a.bin': floats(1, 2) }],
    ['a shape that is none', { 'model.json': json([{ ...vector(), shape: 'x' }]), 'a.bin': floats(1, 2) }],
    ['an enormous shape', { 'model.json': json([{ ...vector(), shape: [2 ** 40] }]), 'a.bin': floats(1, 2) }],
    ['a weight twice', { 'model.json': json([vector(), vector()]), 'a.bin': floats(1, 2, 3, 4) }],
    [
      'a string that is longer than its shard',
      { 'model.json': json([{ ...vector('string') }]), 'a.bin': Uint8Array.of(1) },
    ],
  ])('%s is bad-model', async (_, files) => {
    await expect(readFrom(files)).rejects.toMatchObject({ name: 'DenaryError', code: 'bad-model', who: 'a model' });
  });

  it('a path out of the folder is refused before anything is read', async () => {
    const asked: string[] = [];
    const files = { 'model.json': json([vector()], ['a.bin', '../a.bin']), 'a.bin': floats(1, 2) };
    await expect(readFrom(files, asked)).rejects.toMatchObject({ code: 'bad-model' });
    expect(asked).toEqual(['model.json']);
  });
});
