/** Writes the nodes of a graph that a pass rewrites, and the constants that they need. */

import { type Attribute, fromNumbers, type Graph, int64s, type Node, type Tensor } from '@denary/core';

/** ONNX Runtime's domain for images in blocks of channels; its operators are those of its NCHWc optimizer. */
export const NCHWC = 'com.microsoft.nchwc';

export type Attributes = Readonly<Record<string, Attribute>>;

export const ints = (value: readonly number[]): Attribute => ({ type: 'ints', value });
export const int = (value: number): Attribute => ({ type: 'int', value });

export class NodeWriter {
  readonly nodes: Node[] = [];
  private readonly initializers: Map<string, Tensor>;

  constructor(private readonly graph: Graph) {
    this.initializers = new Map(graph.initializers);
  }

  /** The graph with the nodes written in place of its own. */
  result(): Graph {
    return { ...this.graph, nodes: this.nodes, initializers: this.initializers };
  }

  /** A constant under a name of its own; one that is there already is shared. */
  constant(name: string, value: () => Tensor): string {
    if (!this.initializers.has(name)) this.initializers.set(name, value());
    return name;
  }

  /** A list of whole numbers, as shapes and axes are given. */
  numbers(values: readonly number[]): string {
    return this.constant(`numbers/${values.join('x')}`, () => int64s(values));
  }

  /** A float32 without dimensions. */
  scalar(value: number): string {
    return this.constant(`number/${value}`, () => fromNumbers('float32', [value], []));
  }

  /** A node of ONNX's own with one output, which is called like the node unless said otherwise. */
  standard(op: string, inputs: readonly string[], attributes: Attributes, name: string, output = name): string {
    this.nodes.push({ name, op, domain: '', inputs, outputs: [output], attributes });
    return output;
  }

  /** Parts of these sizes along an axis. */
  split(x: string, axis: number, sizes: readonly number[], outputs: readonly string[], name: string): void {
    const inputs = [x, this.numbers(sizes)];
    this.nodes.push({ name, op: 'Split', domain: '', inputs, outputs, attributes: { axis: int(axis) } });
  }

  /** The same as `standard`, over blocks of channels. */
  blocked(op: string, inputs: readonly string[], attributes: Attributes, name: string, output = name): string {
    this.nodes.push({ name, op, domain: NCHWC, inputs, outputs: [output], attributes });
    return output;
  }
}
