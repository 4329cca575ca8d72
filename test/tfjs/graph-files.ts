/** Graph models made by hand: nodes as the converter of TensorFlow.js writes them, and the files around them. */

import type { Tensor } from '@denary/core';

type Attribute = number | boolean | string | readonly number[] | { readonly func: { readonly name: string } };

export interface NodeJson {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}

const float = { type: 'DT_FLOAT' };
const shaped = (shape: readonly number[]) => ({ shape: { dim: shape.map((size) => ({ size: `${size}` })) } });

/** Whole numbers, flags, texts and lists; anything else is written as it is. */
const attributeOf = (value: Attribute) => {
  if (typeof value === 'number') return Number.isInteger(value) ? { i: `${value}` } : { f: value };
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return value.startsWith('DT_') ? { type: value } : { s: btoa(value) };
  return Array.isArray(value) ? { list: { i: value.map(String) } } : value;
};

export const node = (
  name: string,
  op: string,
  input: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeJson => ({
  name,
  op,
  input,
  attr: {
    T: float,
    ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
  },
});

export const placeholder = (name: string, shape: readonly number[]): NodeJson => ({
  name,
  op: 'Placeholder',
  input: [],
  attr: { dtype: float, shape: shaped(shape) },
});

/** The files of a model; each weight is a Const of its name. */
export function graphFiles(
  nodes: readonly NodeJson[],
  weights: Readonly<Record<string, Tensor>> = {},
  more: object = {},
): Map<string, Uint8Array> {
  const constants = Object.entries(weights).map(([name, { dtype, shape }]) => {
    const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32';
    return {
      name,
      op: 'Const',
      attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape: shaped(shape).shape } } },
    };
  });
  const json = {
    format: 'graph-model',
    modelTopology: { node: [...constants, ...nodes], versions: { producer: 1 } },
    weightsManifest: [
      {
        paths: ['shard.bin'],
        weights: Object.entries(weights).map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
      },
    ],
    ...more,
  };
  const bytes = Object.values(weights).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(json))],
    ['shard.bin', new Uint8Array(Buffer.concat(bytes))],
  ]);
}
