/** Element types and the codes that ONNX gives them. */

import { DenaryError } from '../errors.js';
import type { DType } from '../tensor.js';
import { TensorProto_DataType as DataType } from './generated/onnx_pb.js';

export const dataTypes = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int8: DataType.INT8,
  int16: DataType.INT16,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
  uint16: DataType.UINT16,
  uint32: DataType.UINT32,
  uint64: DataType.UINT64,
  bool: DataType.BOOL,
} as const satisfies Record<DType, DataType>;

const dtypes = new Map(Object.entries(dataTypes).map(([dtype, code]) => [code as number, dtype as DType]));

/** The code that ONNX gives an element type, as the `to` of a Cast has it. */
export const elementTypeOf = (dtype: DType): number => dataTypes[dtype];

/** The element type behind ONNX's code. Throws `bad-model` for types denary does not use (float16, strings, ...). */
export function dtypeOf(code: number | undefined, who: string): DType {
  const dtype = dtypes.get(code ?? 0);
  if (dtype) return dtype;
  throw new DenaryError({
    code: 'bad-model',
    who,
    expected: `an element type among ${[...dtypes.values()].join(', ')}`,
    received: DataType[code ?? 0] ?? `${code}`,
    remedy: 'Convert the model to float32 first.',
  });
}
