/** denary's tensors as onnxruntime-node's, on the same data. */

import type { Tensor } from '@denary/core';
import { Tensor as OrtTensor } from 'onnxruntime-node';

export const ortTensor = ({ dtype, shape, data }: Tensor): OrtTensor => new OrtTensor(dtype, data as never, shape);
