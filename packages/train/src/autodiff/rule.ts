/** What a gradient rule is given, and what it gives back. A rule knows its operator and nothing of the walk. */

import {
  type Attribute,
  type AttributeKind,
  type AttributeValues,
  attribute,
  DenaryError,
  describeNode,
  type Node,
  type Value,
} from '@denary/core';
import type { Maths } from '../math.js';

export interface RuleContext extends Maths {
  readonly node: Node;
  /** The node's inputs; an optional one that is left out is undefined. */
  readonly inputs: readonly (Value | undefined)[];
  readonly x: Value;
  readonly y: Value;
  /** All outputs; `y` is the first. One that is left out is undefined. */
  readonly outputs: readonly (Value | undefined)[];
  /** The gradient of the loss with respect to the first output. */
  readonly dy: Value;
  /** The same for each output; undefined where the loss does not depend on it. */
  readonly dys: readonly (Value | undefined)[];
  /** Whether an input's gradient is wanted; what is not wanted need not be computed. */
  wanted(index: number): boolean;
  attr<K extends AttributeKind>(name: string, type: K, fallback: AttributeValues[K]): AttributeValues[K];
  /** A constant input's value, as numbers. */
  constants(index: number): readonly number[];
  /** Throws `unsupported-operator`, naming the node. */
  unsupported(what: string): never;
}

/**
 * The gradients of a node's inputs, in their order. `undefined` where there is none. A gradient may have the broadcast
 * shape: the walk sums it back to the input's.
 */
export type Rule = (context: RuleContext) => readonly (Value | undefined)[];

/** Written in the table for an operator whose gradient is zero or undefined everywhere, so that no gradient passes it. */
export const nonDifferentiable = 'non-differentiable';

export function attributeReader(attributes: Readonly<Record<string, Attribute>>): RuleContext['attr'] {
  return (name, type, fallback) => attribute(attributes, name, type) ?? fallback;
}

export function unsupported(node: Node, what: string): never {
  throw new DenaryError({
    code: 'unsupported-operator',
    who: describeNode(node),
    expected: 'a node with a known gradient',
    received: what,
    remedy: 'Leave its inputs out of training, or replace the node.',
  });
}
