/**
 * What a training graph is written for. Every choice between the two is made in this folder:
 *
 *                    cpu                                   gpu
 *   max pooling      with Indices, for MaxUnpool           by comparison: WebGPU has no Indices, no provider but the CPU's
 *                                                          MaxUnpool                                  (training-form.ts)
 *   LSTM             as cells, one after the other         the operator, with a gradient of few kernels (training-form.ts)
 *   the rest         as it is                              in operators that WebGPU has                (gpu-operators.ts)
 */

import type { Device } from '@denary/core';

/** `gpu` is for WebGPU and CUDA, `cpu` for processors, be it by WASM. Either runs on any device, only slower. */
export type Target = 'cpu' | 'gpu';

const targets: { readonly [D in Device]: Target } = { cpu: 'cpu', wasm: 'cpu', webgpu: 'gpu', cuda: 'gpu' };

/** The target of a training on that device. */
export const targetOf = (device: Device): Target => targets[device];
