import { describe, expect, it } from 'vitest';
import { DenaryError } from './errors.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { fromNumbers, type Tensors } from './tensor.js';

const tensors: Tensors = {
  weight: fromNumbers('float32', [1.5, -2, 3, 4, 5, 6], [2, 3]),
  step: fromNumbers('uint32', [4_000_000_000], []),
  shape: fromNumbers('int64', [-1, 9_007_199_254_740_991]),
  empty: fromNumbers('float32', [], [0, 3]),
  mask: fromNumbers('bool', [1, 0, 1]),
};

describe('safetensors', () => {
  it('come back as they were, metadata included', () => {
    const decoded = decodeSafetensors(encodeSafetensors(tensors, { note: 'größer' }));
    expect(decoded).toEqual({ tensors, metadata: { note: 'größer' } });
  });

  it("are read from a Node Buffer's middle, and do not share its memory", () => {
    const bytes = encodeSafetensors(tensors);
    const buffer = Buffer.concat([Buffer.from('xyz'), bytes]).subarray(3);
    const { tensors: decoded } = decodeSafetensors(buffer);
    buffer.fill(0);
    expect(decoded).toEqual(tensors);
  });

  it('have the layout of the format: length, JSON, data', () => {
    const bytes = encodeSafetensors({ a: fromNumbers('float32', [1]) });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header.a).toEqual({ dtype: 'F32', shape: [1], data_offsets: [0, 4] });
    expect((8 + length) % 8).toBe(0);
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63]);
  });

  it('are refused when cut anywhere', () => {
    const bytes = encodeSafetensors(tensors);
    for (let length = 0; length < bytes.length; length += 3) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(DenaryError);
    }
  });
});
