import { describe, expect, it } from 'vitest';
import { fromNumbers } from '../tensor.js';
import { GraphBuilder } from './builder.js';
import { decodeModel } from './decode.js';
import { encodeModel } from './encode.js';
import { requireFiniteWeights } from './finite.js';
import { decodeMetadata } from './metadata.js';
import { fieldsOf } from './wire.js';

function modelWith(weights: number[], metadata: Record<string, string> = {}): Uint8Array {
  const graph = new GraphBuilder('g');
  const w = graph.initializer('dense/kernel', fromNumbers('float32', weights));
  graph.output(graph.op('Add', [graph.input('x', 'float32', [weights.length]), w]), 'y');
  return encodeModel({ ...graph.model(), metadata });
}

describe('fields', () => {
  it('are found in all of the wire format', () => {
    // 1: varint 300, 2: bytes, 3: fixed64, 5: fixed32, 200: varint 0.
    const bytes = [0x08, 0xac, 0x02, 0x12, 2, 7, 8, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 9, 9, 9, 9, 0xc0, 0x0c, 0];
    expect([...fieldsOf(Uint8Array.from(bytes))].map(([number]) => number)).toEqual([1, 2, 3, 5, 200]);
    expect([...fieldsOf(Uint8Array.from(bytes))].slice(0, 2)).toEqual([
      [1, 300],
      [2, Uint8Array.of(7, 8)],
    ]);
  });

  it.each([
    ['a length beyond the end', [0x12, 9, 1]],
    ['a number that stops short', [0x08, 0x80]],
    ['a number without an end', [0x08, ...new Array(12).fill(0xff), 1]],
    ['a group', [0x0b, 1]],
  ])('are refused for %s', (_, bytes) => {
    expect(() => [...fieldsOf(Uint8Array.from(bytes))]).toThrow(RangeError);
  });
});

it('metadata are those that the codec reads', () => {
  const bytes = modelWith([1, 2], { 'denary.calibration': '{"temperature":1.5}', Grüße: 'ja', empty: '' });
  expect(decodeMetadata(bytes)).toEqual(decodeModel(bytes).metadata);
  expect(decodeMetadata(modelWith([1]))).toEqual({});
});

it('weights that are not finite are named', () => {
  expect(() => requireFiniteWeights(modelWith([1, 2]), 'm')).not.toThrow();
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const check = () => requireFiniteWeights(modelWith([0, 1, wrong]), 'm');
    expect(check).toThrow(expect.objectContaining({ code: 'not-finite', received: `${wrong} in "dense/kernel" at 2` }));
  }
});

it.each([
  ['no bytes of a model', new TextEncoder().encode('hello, world')],
  ['half a file', modelWith([1, 2, 3], { a: 'b' }).slice(0, 60)],
])('%s are no model', (_, bytes) => {
  for (const read of [decodeMetadata, requireFiniteWeights] as ((bytes: Uint8Array, who: string) => unknown)[]) {
    expect(() => read(bytes, 'm')).toThrow(expect.objectContaining({ name: 'DenaryError', code: 'bad-model' }));
  }
});
