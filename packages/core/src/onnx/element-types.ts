/** Element types and the codes that ONNX gives them. */

import { DenaryError } from '../errors.js';
import type { DType } from '../tensor.js';
import type { TensorProto_DataType as DataType } from './generated/onnx_pb.js';

/** As numbers: pages would load all of the generated code for its names. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const satisfies Record<DType, DataType>;

/** Those that are met, but not used. */
const others: Readonly<Record<number, string>> = { 8: 'STRING', 10: 'FLOAT16', 16: 'BFLOAT16' };

const dtypes = new Map(Object.entries(dataTypes).map(([dtype, code]) => [code as number, dtype as DType]));

/** The code that ONNX gives an element type, as the `to` of a Cast has it. */
export const elementTypeOf = (dtype: DType): number => dataTypes[dtype];

/** The element type behind ONNX's code, where denary uses it. */
export const dtypeNamed = (code: number): DType | undefined => dtypes.get(code);

/** The element type behind ONNX's code. Throws `bad-model` for types denary does not use (float16, strings, ...). */
export function dtypeOf(code: number | undefined, who: string): DType {
  const dtype = dtypes.get(code ?? 0);
  if (dtype) return dtype;
  throw new DenaryError({
    code: 'bad-model',
    who,
    expected: `an element type among ${[...dtypes.values()].join(', ')}`,
    received: others[code ?? 0] ?? `${code}`,
    remedy: 'Convert the model to float32 first.',
  });
}
