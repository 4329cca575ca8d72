/** What a row of the table of graph operators is, and what it may use. */

import type { AttributesOf, Dimension, DType, GraphBuilder, Operand, Operator, Tensor, Value } from '@denary/core';
import type { Maths } from '../../math.js';
import type { ChannelsLast, Edge } from '../channels-last.js';
import type { NodeDef } from './graph-def.js';

/** Whole numbers that are known, or sizes by their names: shapes, axes, counters of loops. Truth values are 0 and 1. */
export interface Wholes {
  readonly kind: 'wholes';
  readonly dtype: 'int32' | 'bool';
  readonly values: readonly Dimension[];
  /** Of rank 0, else of rank 1. */
  readonly scalar: boolean;
}

/** TensorFlow's list of tensors, by which loops keep their steps. */
export interface List {
  readonly kind: 'list';
  readonly elements: readonly (Edge | undefined)[];
}

export interface Computed {
  readonly kind: 'edge';
  readonly edge: Edge;
}

/** What a tensor of the graph is while it is converted. */
export type Item = Computed | Wholes | List | { readonly kind: 'dead' };

/** On a branch that is not taken, or of a node that is not covered: what depends on it is passed over. */
export const DEAD: Item = { kind: 'dead' };

export const computed = (edge: Edge): Computed => ({ kind: 'edge', edge });
export const wholes = (values: readonly Dimension[], scalar = false, dtype: Wholes['dtype'] = 'int32'): Wholes => ({
  kind: 'wholes',
  dtype,
  values,
  scalar,
});

export interface NodeContext {
  readonly node: NodeDef;
  readonly attributes: NodeDef['attributes'];
  readonly graph: GraphBuilder;
  readonly layout: ChannelsLast;
  readonly math: Maths;
  readonly inputs: readonly Item[];
  /** A node that bears this one's name. */
  op<O extends Operator>(op: O, inputs: readonly (Operand | undefined)[], attributes?: AttributesOf<O>): Value;
  /** An input as a value of the graph. */
  edge(index: number): Edge;
  /** An input as known whole numbers, undefined where it is none. */
  known(index: number): Wholes | undefined;
  /** An input as whole numbers all of which are known: axes, sizes, paddings. */
  numbers(index: number): readonly number[];
  /** The same, of one number. */
  number(index: number): number;
  list(index: number): List;
  /** The file's weight of this name. Throws `bad-model` where there is none. */
  constant(name: string): Edge;
  /** An input of the model, by the name of its node. */
  placeholder(): Edge;
  /** A constant as the initializer `<node>/<name>`, changed on the way; the steps of a loop share it. */
  initializer(name: string, source: Tensor, change?: (tensor: Tensor) => Tensor): Value;
  cast(edge: Edge, dtype: DType): Edge;
  fixed(size: Dimension | undefined): number;
  call(name: string, args: readonly Item[]): Item[];
  /** Throws `unsupported-operator`, which is told together with all others of the model. */
  unsupported(what: string): never;
  /** Throws `bad-model`. */
  fail(expected: string, received: string): never;
}

export type GraphRow = (c: NodeContext) => Item | readonly Item[];
export type GraphRows = Readonly<Record<string, GraphRow>>;

/** A row that gives one value of the graph. */
export const edgeRow =
  (emit: (c: NodeContext) => Edge): GraphRow =>
  (c) =>
    computed(emit(c));

/** A row over one value, whatever the order of its axes. */
export const mapRow = (emit: (c: NodeContext, x: Value) => Value): GraphRow =>
  edgeRow((c) => c.layout.map(c.edge(0), (x) => emit(c, x)));

export const isNumbers = (values: readonly Dimension[]): values is readonly number[] =>
  values.every((value) => typeof value === 'number');
