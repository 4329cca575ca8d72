/** TensorFlow's GraphDef as the converter of TensorFlow.js writes it in JSON: nodes, functions, attributes. */

import { type Dimension, type DType, problem } from '@denary/core';
import { isObject, type Json, show } from '../layers/config.js';

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** As they are written: `node`, `node:1`, in functions `node:output:1`; those that only order nodes are left out. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** A graph of its own that nodes call: the body of a loop. */
export interface FunctionDef {
  readonly name: string;
  readonly inputs: readonly string[];
  /** What it gives, as inputs of nodes are written, in the order of its outputs. */
  readonly outputs: readonly string[];
  readonly nodes: ReadonlyMap<string, NodeDef>;
}

export interface GraphDef {
  readonly nodes: ReadonlyMap<string, NodeDef>;
  readonly functions: ReadonlyMap<string, FunctionDef>;
}

/** A tensor of the graph by its node, or an input of a function by its name. */
export interface TensorRef {
  readonly node: string;
  /** Of its outputs; in functions counted among those of one name. */
  readonly index: number;
  readonly output?: string;
}

const types: Readonly<Record<string, DType>> = {
  DT_FLOAT: 'float32',
  DT_HALF: 'float32',
  DT_DOUBLE: 'float32',
  DT_BFLOAT16: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_UINT8: 'int32',
  DT_INT8: 'int32',
  DT_UINT16: 'int32',
  DT_INT16: 'int32',
  DT_BOOL: 'bool',
};
/** By the numbers that TensorFlow gives them, from 1. */
const numbered = ['FLOAT', 'DOUBLE', 'INT32', 'UINT8', 'INT16', 'INT8', 'STRING', 'COMPLEX64', 'INT64', 'BOOL'];

/** What TensorFlow.js makes of an element type: float32, int32 or bool. */
export const dtypeOf = (type: unknown): DType | undefined =>
  types[typeof type === 'number' ? `DT_${numbered[type - 1]}` : `${type}`];

/** Keys are written as `tensorShape` or as `tensor_shape`. */
const either = (value: Json, camel: string): unknown =>
  value[camel] ?? value[camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];

/** A node's attributes, read by key; one of another kind than TensorFlow has there is `bad-model`. */
export class Attributes {
  constructor(
    private readonly values: Json,
    private readonly who: string,
  ) {}

  has(key: string): boolean {
    return isObject(this.values[key]);
  }

  number(key: string, fallback?: number): number {
    const { i, f } = this.of(key);
    const value = Number(i ?? f ?? fallback);
    return Number.isNaN(value) ? this.wrong(key, 'a number') : value;
  }

  flag(key: string, fallback = false): boolean {
    const { b } = this.of(key);
    return b === undefined ? fallback : b === true;
  }

  text(key: string, fallback?: string): string {
    const { s } = this.of(key);
    if (s === undefined) return fallback ?? this.wrong(key, 'a text');
    return this.decoded(key, s);
  }

  texts(key: string): readonly string[] {
    return this.list(key, 's').map((item) => this.decoded(key, item));
  }

  numbers(key: string): readonly number[] {
    return this.list(key, 'i').map(Number);
  }

  dtype(key: string): DType {
    return dtypeOf(this.of(key).type) ?? this.wrong(key, `one of ${Object.keys(types).join(', ')}`);
  }

  /** The sizes of a shape, -1 for those that are open; undefined where not even the rank is known. */
  shape(key: string): readonly number[] | undefined {
    return shapeOf(this.of(key).shape);
  }

  /** The name of a function. */
  function(key: string): string {
    const { func } = this.of(key);
    return isObject(func) && typeof func.name === 'string' ? func.name : this.wrong(key, 'a function');
  }

  private of(key: string): Json {
    const value = this.values[key];
    return isObject(value) ? value : {};
  }

  private list(key: string, kind: 's' | 'i'): readonly unknown[] {
    const { list } = this.of(key);
    const items = isObject(list) ? list[kind] : undefined;
    return Array.isArray(items) ? items : [];
  }

  private decoded(key: string, base64: unknown): string {
    try {
      return atob(`${base64}`);
    } catch {
      return this.wrong(key, 'a text in base64');
    }
  }

  private wrong(key: string, expected: string): never {
    throw problem('bad-model', this.who, `${expected} as ${key}`, show(this.values[key]), 'Convert the model again.');
  }
}

function shapeOf(value: unknown): readonly number[] | undefined {
  if (!isObject(value) || either(value, 'unknownRank') === true) return undefined;
  const dims = Array.isArray(value.dim) ? value.dim : [];
  return dims.map((dim) => Number(isObject(dim) ? (dim.size ?? 0) : Number.NaN));
}

/** A signature's tensors: the names under which a model's inputs and outputs are known, and what they are. */
export interface Signature {
  readonly inputs: Readonly<Record<string, SignatureTensor>>;
  readonly outputs: Readonly<Record<string, SignatureTensor>>;
}

export interface SignatureTensor {
  /** `node:0`. */
  readonly tensor: string;
  readonly dtype?: DType | undefined;
  readonly shape?: readonly number[] | undefined;
}

/** Reads a model.json's signature; one that is empty or of another form is none. */
export function signatureOf(value: unknown): Signature | undefined {
  if (!isObject(value)) return undefined;
  const [inputs, outputs] = [tensorsOf(value.inputs), tensorsOf(value.outputs)];
  return Object.keys(outputs).length > 0 ? { inputs, outputs } : undefined;
}

const tensorsOf = (value: unknown): Readonly<Record<string, SignatureTensor>> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).flatMap(([key, info]): [string, SignatureTensor][] => {
      if (!isObject(info) || typeof info.name !== 'string') return [];
      return [[key, { tensor: info.name, dtype: dtypeOf(info.dtype), shape: shapeOf(either(info, 'tensorShape')) }]];
    }),
  );

/** Reads the topology of a graph model. Throws `bad-model` where it is damaged. */
export function readGraphDef(topology: Json, who: string): GraphDef {
  const library = isObject(topology.library) ? topology.library : {};
  const functions = (Array.isArray(library.function) ? library.function : []).map((value) => functionDef(value, who));
  return {
    nodes: nodesOf(topology.node, who),
    functions: new Map(functions.map((definition) => [definition.name, definition])),
  };
}

function nodesOf(value: unknown, who: string): Map<string, NodeDef> {
  if (!Array.isArray(value)) throw damaged(who, 'a list of nodes', value);
  const nodes = new Map<string, NodeDef>();
  for (const item of value) {
    const node = nodeDef(item, who);
    if (nodes.has(node.name)) throw damaged(who, 'every node once', node.name);
    nodes.set(node.name, node);
  }
  return nodes;
}

function nodeDef(value: unknown, who: string): NodeDef {
  const { name, op, input = [], attr = {} } = isObject(value) ? value : {};
  if (typeof name !== 'string' || typeof op !== 'string' || !Array.isArray(input) || !isObject(attr)) {
    throw damaged(who, 'a node: name, op, input, attr', value);
  }
  const inputs = input.map(String).filter((text) => !text.startsWith('^'));
  return { name, op, inputs, attributes: new Attributes(attr, `${who}: node "${name}" (${op})`) };
}

function functionDef(value: unknown, who: string): FunctionDef {
  const { signature, ret } = isObject(value) ? value : {};
  if (!isObject(value) || !isObject(signature) || typeof signature.name !== 'string')
    throw damaged(who, 'a function', value);
  const names = (list: unknown) =>
    (Array.isArray(list) ? list : []).map((item) => `${isObject(item) ? item.name : item}`);
  const returned = isObject(ret) ? ret : {};
  return {
    name: signature.name,
    inputs: names(either(signature, 'inputArg')),
    outputs: names(either(signature, 'outputArg')).map((name) => `${returned[name] ?? name}`),
    nodes: nodesOf(either(value, 'nodeDef') ?? [], `${who}, function ${signature.name}`),
  };
}

/** Takes `node`, `node:1` and `node:output:1` apart. */
export function refOf(text: string): TensorRef {
  const [node = '', second, third] = text.split(':');
  if (third !== undefined) return { node, output: second!, index: Number(third) };
  return { node, index: Number(second ?? 0) };
}

/** A shape with names for the sizes that are open: the first is the batch. */
export const openSizes = (name: string, shape: readonly number[]): Dimension[] =>
  shape.map((size, axis) => (size >= 0 ? size : axis === 0 ? 'batch' : `${name}_${axis}`));

const damaged = (who: string, expected: string, received: unknown) =>
  problem('bad-model', who, expected, show(received), 'Convert the model again.');
