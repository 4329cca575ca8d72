/** A model's bytes, read whole and checked: for those who want more of it than predictions. */

import { type Contract, contractOf } from './contract.js';
import { decodeModel } from './onnx/decode.js';
import { requireFiniteWeights } from './onnx/finite.js';
import type { Model } from './onnx/model.js';

/** Reads a model's bytes and checks that they are a digit model with usable weights. Throws `bad-model` or `not-finite`. */
export function openModel(bytes: Uint8Array, who = 'openModel'): { model: Model; contract: Contract } {
  const model = decodeModel(bytes, who);
  requireFiniteWeights(bytes, who);
  return { model, contract: contractOf(model, who) };
}
