import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { convertKeras, isKerasFile } from './convert-keras.js';

const text = (value: string) => new TextEncoder().encode(value);
const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const model = JSON.stringify({ class_name: 'Sequential', config: { name: 'm', layers: [] } });

describe("Keras' files that are damaged", () => {
  it.each([
    ['an archive that is cut off', zipSync({ 'config.json': text(model) }).slice(0, 40)],
    ['an archive without its parts', zipSync({ 'other.txt': text('x') })],
    ['a configuration that is no JSON', zipSync({ 'config.json': text('{'), 'metadata.json': text('{}') })],
    [
      'weights that are no HDF5',
      zipSync({ 'config.json': text(model), 'metadata.json': text('{}'), 'model.weights.h5': text('x') }),
    ],
    ['an HDF5 file that is cut off', Uint8Array.from([...signature, 0, 0, 0, 0])],
  ])('%s', (_, bytes) => {
    expect(isKerasFile(bytes)).toBe(true);
    expect(() => convertKeras(bytes, 'digits.keras')).toThrow(expect.objectContaining({ code: 'bad-model' }));
  });

  it('are told from others by what they begin with', () => {
    expect(isKerasFile(text('{"format": "layers-model"}'))).toBe(false);
  });
});
