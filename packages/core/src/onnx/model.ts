/** An ONNX model as plain data: what the codec reads and writes, the builder makes and the passes transform. */

import type { DType, Tensor } from '../tensor.js';

/** A fixed size, or the name of a symbolic one (`batch`). */
export type Dimension = number | string;

export interface ValueType {
  readonly dtype: DType;
  readonly shape: readonly Dimension[];
}

/** A named edge of a graph. */
export interface Value extends ValueType {
  readonly name: string;
}

/** The kinds of attribute that denary uses, and how each is held. */
export interface AttributeValues {
  int: number;
  float: number;
  string: string;
  ints: readonly number[];
  floats: readonly number[];
  strings: readonly string[];
  tensor: Tensor;
  graph: Graph;
}

export type AttributeKind = keyof AttributeValues;

export type Attribute = {
  [K in AttributeKind]: { readonly type: K; readonly value: AttributeValues[K] };
}[AttributeKind];

export interface Node {
  readonly name: string;
  /** The ONNX operator, for example `Gemm`. */
  readonly op: string;
  /** Empty for the default ONNX domain. */
  readonly domain: string;
  /** Names; an empty one stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
}

export interface Model {
  readonly irVersion: number;
  /** The version of the default domain's operator set. */
  readonly opset: number;
  readonly producer: string;
  /** ONNX's `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: Graph;
}

/** `name "op"` of a node, as errors call it. */
export function describeNode({ name, op }: Pick<Node, 'name' | 'op'>): string {
  return name ? `node "${name}" (${op})` : `a node ${op}`;
}
