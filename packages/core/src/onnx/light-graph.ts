/** A file's graph without the codec, which is too large for a page that only recognises digits. */

import { problem } from '../errors.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { dtypeNamed } from './element-types.js';
import type { Attribute, Dimension, Graph, Node, Value } from './model.js';
import { fieldsOf, integersIn, readOnnx, textIn } from './wire.js';

/** Numbers of fields in onnx.proto. */
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, float: 2, int: 3, string: 4, tensor: 5, ints: 8, type: 20 } as const;
const TENSOR = { dims: 1, type: 2, floats: 4, integers: 7, name: 8, raw: 9 } as const;
const VALUE = { name: 1, type: 2 } as const;
/** Of the message in a value's type, in its shape, and in a dimension of that. */
const [TENSOR_TYPE, ELEMENT_TYPE, SHAPE, DIMENSION, SIZE, SYMBOL] = [1, 1, 2, 1, 1, 2];

/** Codes of attributes' types. */
const [FLOAT, INT, STRING, TENSOR_ATTRIBUTE, INTS] = [1, 2, 3, 4, 7];

/**
 * As `decodeModel` reads it, but for what it leaves out, be it foreign or broken: initializers other than float32 and int64, and
 * attributes of other kinds than numbers, integers, strings and tensors. Throws `bad-model` for bytes that are no graph.
 */
export const decodeLightGraph = (bytes: Uint8Array, who = 'decodeLightGraph'): Graph =>
  readOnnx(bytes, who, (fields) => {
    const graph = new Message(fields).bytes(MODEL.graph);
    if (graph) return graphOf(new Message(fieldsOf(graph)));
    const remedy = 'Check that the file is whole and was written by an ONNX exporter.';
    throw problem('bad-model', who, 'an ONNX model with a graph', `${bytes.length} bytes without`, remedy);
  });

/** A message's fields by their numbers. */
class Message {
  private readonly fields = new Map<number, (Uint8Array | number)[]>();

  constructor(fields: Iterable<readonly [number, Uint8Array | number]>) {
    for (const [field, value] of fields) {
      const values = this.fields.get(field);
      if (values) values.push(value);
      else this.fields.set(field, [value]);
    }
  }

  all(field: number): readonly (Uint8Array | number)[] {
    return this.fields.get(field) ?? [];
  }

  bytes(field: number): Uint8Array | undefined {
    const value = this.all(field).at(-1);
    return typeof value === 'number' ? undefined : value;
  }

  number(field: number): number {
    const value = this.all(field).at(-1);
    return typeof value === 'number' ? value : 0;
  }

  float(field: number): number {
    const value = this.bytes(field);
    return value ? floatsIn(value)[0]! : 0;
  }

  text(field: number): string {
    return textIn(this.bytes(field) ?? new Uint8Array());
  }

  texts(field: number): string[] {
    return this.all(field).map((value) => textIn(value as Uint8Array));
  }

  messages(field: number): Message[] {
    return this.all(field).map((value) => new Message(fieldsOf(value as Uint8Array)));
  }

  /** Whether they come one by one, or packed. */
  integers(field: number): number[] {
    return this.all(field).flatMap((value) => (typeof value === 'number' ? [value] : [...integersIn(value)]));
  }
}

/** Typed arrays start at multiples of their elements' size: it is a copy. */
const floatsIn = (bytes: Uint8Array) => new Float32Array(new Uint8Array(bytes).buffer);

function graphOf(graph: Message): Graph {
  const tensors = graph
    .messages(GRAPH.initializer)
    .map((tensor) => [tensor.text(TENSOR.name), tensorOf(tensor)] as const);
  const nodes = graph.messages(GRAPH.node).map(nodeOf);
  // What a Constant node holds is an initializer, too.
  const held = nodes.map(({ op, outputs, attributes: { value } }) => {
    return [outputs[0]!, op === 'Constant' && value?.type === 'tensor' ? value.value : undefined] as const;
  });
  const known = [...tensors, ...held].filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  const initializers = new Map(known);
  const names = new Set(tensors.map(([name]) => name));
  return {
    name: graph.text(GRAPH.name),
    inputs: graph
      .messages(GRAPH.input)
      .map(describedValue)
      .filter(({ name }) => !names.has(name)),
    outputs: graph.messages(GRAPH.output).map(describedValue),
    nodes: nodes.filter(({ op, outputs }) => !(op === 'Constant' && initializers.has(outputs[0]!))),
    initializers,
  };
}

function nodeOf(node: Message): Node {
  return {
    name: node.text(NODE.name),
    op: node.text(NODE.op),
    domain: node.text(NODE.domain),
    inputs: node.texts(NODE.input),
    outputs: node.texts(NODE.output),
    attributes: Object.fromEntries(
      node.messages(NODE.attribute).flatMap((item) => {
        const value = attributeOf(item);
        return value ? [[item.text(ATTRIBUTE.name), value]] : [];
      }),
    ),
  };
}

function attributeOf(item: Message): Attribute | undefined {
  const type = item.number(ATTRIBUTE.type);
  if (type === FLOAT) return { type: 'float', value: item.float(ATTRIBUTE.float) };
  if (type === INT) return { type: 'int', value: item.number(ATTRIBUTE.int) };
  if (type === STRING) return { type: 'string', value: item.text(ATTRIBUTE.string) };
  if (type === INTS) return { type: 'ints', value: item.integers(ATTRIBUTE.ints) };
  const tensor = type === TENSOR_ATTRIBUTE ? item.messages(ATTRIBUTE.tensor)[0] : undefined;
  const value = tensor && tensorOf(tensor);
  return value && { type: 'tensor', value };
}

function tensorOf(tensor: Message): Tensor | undefined {
  const shape = tensor.integers(TENSOR.dims);
  const raw = tensor.bytes(TENSOR.raw);
  const dtype = dtypeNamed(tensor.number(TENSOR.type));
  const fits = (data: { readonly length: number }) => data.length === sizeOf(shape);
  if (dtype === 'float32') {
    const packed = raw ?? tensor.bytes(TENSOR.floats) ?? new Uint8Array();
    const data = packed.length % 4 === 0 ? floatsIn(packed) : [];
    return fits(data) ? { dtype, shape, data: data as Float32Array } : undefined;
  }
  if (dtype !== 'int64') return undefined;
  const whole = raw && raw.length % 8 === 0;
  const data = whole
    ? new BigInt64Array(new Uint8Array(raw).buffer)
    : BigInt64Array.from(tensor.integers(TENSOR.integers), BigInt);
  return fits(data) ? { dtype, shape, data } : undefined;
}

/** One that is no tensor has no type, and is taken for a float32. */
function describedValue(value: Message): Value {
  const name = value.text(VALUE.name);
  const type = value.messages(VALUE.type)[0]?.messages(TENSOR_TYPE)[0];
  const dimensions = type?.messages(SHAPE)[0]?.messages(DIMENSION) ?? [];
  const shape = dimensions.map((dimension, axis): Dimension => {
    if (dimension.all(SIZE).length > 0) return dimension.number(SIZE);
    return dimension.text(SYMBOL) || `${name}_${axis}`;
  });
  return { name, dtype: dtypeNamed(type?.number(ELEMENT_TYPE) ?? 0) ?? 'float32', shape };
}
