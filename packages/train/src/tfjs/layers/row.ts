/** What a row of the table of layers is, and what it may use. */

import type { AttributesOf, Dimension, DType, GraphBuilder, Operand, Operator, Tensor, Value } from '@denary/core';
import type { Maths } from '../../math.js';
import type { ChannelsLast, Edge } from '../channels-last.js';
import type { Config, LayerSpec } from './config.js';

/** Whose mathematics a layer has, where TensorFlow.js and versions of Keras differ. */
export type Dialect = 'tfjs' | 'keras2' | 'keras3';

/** The name of a dimension that is not known, or its size. */
type Sizes = readonly (number | undefined)[];

export interface LayerContext {
  readonly graph: GraphBuilder;
  readonly layout: ChannelsLast;
  readonly math: Maths;
  readonly dialect: Dialect;
  readonly spec: LayerSpec;
  readonly config: Config;
  /** A node that bears the layer's name. */
  op<O extends Operator>(op: O, inputs: readonly (Operand | undefined)[], attributes?: AttributesOf<O>): Value;
  /** The same with several outputs, all of them given. */
  ops<O extends Operator>(
    op: O,
    inputs: readonly (Operand | undefined)[],
    attributes: AttributesOf<O>,
    outputs: number,
  ): Value[];
  /** The layer's weight as the file has it. Throws `bad-model` where it is missing or of another shape. */
  weight(name: string, shape: Sizes): Tensor<'float32'>;
  /** An initializer `<layer>/<name>`; a layer that is called twice gets the same one. */
  initializer(name: string, tensor: Tensor): Value;
  /** A size that must be known. Throws `bad-model` where it is not. */
  fixed(size: Dimension | undefined): number;
  /** The sizes after the batch, all of which must be known. */
  inner(edge: Edge): readonly number[];
  cast(edge: Edge, dtype: DType): Edge;
  /** Emits a layer inside this one. `names` are the parts that its weights' names begin with, after this one's. */
  nested(layer: LayerSpec, inputs: readonly Edge[], names: readonly string[]): Edge[];
  /** The same layer under another name: the half of a Bidirectional, a cell of a stack. */
  as(spec: LayerSpec, names: readonly string[]): LayerContext;
  /** Throws `bad-model`: the model is not what the layer takes. */
  fail(expected: string, received: string): never;
}

export interface LayerRow {
  emit(c: LayerContext, inputs: readonly Edge[]): Edge | readonly Edge[];
  /** What of a configuration is not covered, each in a few words. `inside` tells the same of another layer. */
  lacks?(config: Config, inside: (layer: LayerSpec) => readonly string[]): readonly string[];
}

/** A row for a layer of one input and one output. */
export const single = (emit: (c: LayerContext, x: Edge) => Edge, lacks?: LayerRow['lacks']): LayerRow => ({
  emit: (c, inputs) => {
    if (inputs.length !== 1) c.fail('one input', `${inputs.length}`);
    return emit(c, inputs[0]!);
  },
  ...(lacks && { lacks }),
});

/** What is wrong, where it is. */
export const when = (lacking: boolean, what: string): string[] => (lacking ? [what] : []);

export const requireRank = (c: LayerContext, x: Edge, ...ranks: readonly number[]): void => {
  if (!ranks.includes(x.shape.length)) c.fail(`an input of rank ${ranks.join(' or ')}`, `[${x.shape.join(', ')}]`);
};
