/** An HDF5 file as its attributes and tensors, by their paths. */

/// <reference path="./jsfive.d.ts" />

import { messageOf, problem, sizeOf, type Tensor } from '@denary/core';
import { Dataset, File, type Group } from 'jsfive';

export interface Hdf5 {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of float32, whatever the width of the numbers in the file, by paths such as `model_weights/dense/kernel`. */
  readonly tensors: ReadonlyMap<string, Tensor<'float32'>>;
  /** The paths of a layer's weights in Keras' order, where the file lists them. */
  readonly order: readonly string[];
}

/** Whether bytes begin as an HDF5 file does. */
export const isHdf5 = (bytes: Uint8Array): boolean =>
  [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);

/** Throws `bad-model` for a damaged file. */
export function readHdf5(bytes: Uint8Array, who: string): Hdf5 {
  try {
    const file = new File(bytes.slice().buffer as ArrayBuffer, who);
    const found = { tensors: new Map<string, Tensor<'float32'>>(), order: [] };
    collect(file, '', found);
    return { attributes: file.attrs, ...found };
  } catch (cause) {
    throw problem('bad-model', who, 'a whole HDF5 file', messageOf(cause), 'Copy or save the model again.', cause);
  }
}

function collect(group: Group, path: string, found: { tensors: Map<string, Tensor>; order: string[] }): void {
  // A long list is in parts: `weight_names0`, `weight_names1`.
  for (const [key, value] of Object.entries(group.attrs)) {
    if (/^weight_names\d*$/.test(key) && Array.isArray(value))
      found.order.push(...value.map((name) => `${path}/${name}`));
  }
  for (const key of group.keys) {
    const item = group.get(key);
    const name = path ? `${path}/${key}` : key;
    if (!(item instanceof Dataset)) collect(item, name, found);
    else if (/^[<>|]?f\d$/.test(`${item.dtype}`)) found.tensors.set(name, tensorOf(item, name));
  }
}

function tensorOf({ shape, value }: Dataset, name: string): Tensor<'float32'> {
  const data = Float32Array.from(value);
  if (data.length !== sizeOf(shape)) throw new Error(`${name}: ${data.length} numbers for [${shape}]`);
  return { dtype: 'float32', shape: [...shape], data };
}
