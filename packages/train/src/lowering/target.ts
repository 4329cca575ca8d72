/**
 * What a training graph is written for. These are the choices between the two; the first two are made in training-form.ts:
 *
 *                 cpu                              gpu
 *   max pooling   with Indices, for MaxUnpool      by comparison: WebGPU gives no Indices, CUDA has no MaxUnpool
 *   LSTM          as cells, one after the other    the operator, with a gradient of few kernels
 *   the rest      as it is                         in operators that WebGPU has (gpu-operators.ts)
 */

import type { Device } from '@denary/core';

/** `gpu` is for WebGPU and CUDA, `cpu` for processors, be it by WASM. A graph for a GPU runs anywhere. */
export type Target = 'cpu' | 'gpu';

const targets: { readonly [D in Device]: Target } = { cpu: 'cpu', wasm: 'cpu', webgpu: 'gpu', cuda: 'gpu' };

/** The target of a training on that device. */
export const targetOf = (device: Device): Target => targets[device];
