/** Which nodes of a graph can compute in eight bits, and which of its values have to be given to them so. */

import { attribute, type Graph, type Node, toNumbers } from '@denary/core';

/** A number x stands as the uint8 q: x = (q - zeroPoint) * scale. */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface QuantizationPlan {
  /** The layers whose weights become int8. */
  readonly layers: ReadonlySet<Node>;
  /** Of each value that becomes uint8: the one whose quantization it has, as it is nothing but that, moved about or pooled. */
  readonly values: ReadonlyMap<string, string>;
  /** Of values that are the image's pixels, cast, scaled and shifted: what they stand for exactly, and the uint8 that they are. */
  readonly pixels: ReadonlyMap<string, Pixels>;
}

export interface Pixels extends Quantization {
  readonly of: string;
}

/** What gives numbers that it was given, and no others. */
const movers = new Set(['Flatten', 'Identity', 'MaxPool', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze']);

/** Convolutions and dense layers with constant weights; all others go on as they are. */
export function planQuantization(graph: Graph): QuantizationPlan {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const layers = new Set(graph.nodes.filter((node) => isLayer(node, graph)));
  const values = new Map<string, string>();
  /** A value and all that it is made of without arithmetic. */
  const take = (name: string): string => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const maker = makers.get(name);
    const source = maker && movers.has(maker.op) && maker.outputs.length === 1 ? take(maker.inputs[0]!) : name;
    values.set(name, source);
    return source;
  };
  for (const layer of layers) {
    take(layer.inputs[0]!);
    // A kernel for eight bits gives eight bits; that of a matrix may give floats, which logits are better left.
    if (layer.op === 'Conv') take(activated(layer, graph));
  }
  const sources = new Set(values.values());
  const pixels = new Map([...sources].flatMap((name) => entryOf(name, pixelsAt(name, graph, makers))));
  return { layers, values, pixels };
}

const entryOf = <T>(name: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[name, value]]);

function isLayer(node: Node, { initializers }: Graph): boolean {
  const [, weight, bias] = node.inputs.map((name) => initializers.get(name));
  if (weight?.dtype !== 'float32') return false;
  if (node.inputs[2] && (bias?.dtype !== 'float32' || bias.shape.length !== 1)) return false;
  const isDefault = (name: string, type: 'int' | 'float', fallback: number) =>
    (attribute(node.attributes, name, type) ?? fallback) === fallback;
  switch (node.op) {
    case 'Conv':
      return true;
    case 'Gemm':
      return isDefault('transA', 'int', 0) && isDefault('alpha', 'float', 1) && isDefault('beta', 'float', 1);
    case 'MatMul':
      return weight.shape.length === 2;
    default:
      return false;
  }
}

/** What a layer's kernel gives: its output, or that behind a Relu, which is a part of it in eight bits. */
function activated({ outputs: [output] }: Node, { nodes, outputs }: Graph): string {
  const readers = nodes.filter(({ inputs }) => inputs.includes(output!));
  const shown = outputs.some(({ name }) => name === output);
  const [reader] = readers;
  return readers.length === 1 && !shown && reader?.op === 'Relu' ? reader.outputs[0]! : output!;
}

/** As x = a q + b, where that puts the zero on one of q's 256 steps. */
function pixelsAt(name: string, graph: Graph, makers: ReadonlyMap<string, Node>): Pixels | undefined {
  let [a, b] = [1, 0];
  let at = name;
  // From the value back to its pixels: each step stands inside of those before it.
  while (true) {
    const maker = makers.get(at);
    if (!maker) return undefined;
    const [x = '', y = ''] = maker.inputs;
    if (maker.op === 'Cast') {
      const zeroPoint = -b / a;
      const of = isPixels(x, graph, makers) ? x : undefined;
      const isStep = Math.abs(zeroPoint - Math.round(zeroPoint)) < 1e-4 && zeroPoint > -0.5 && zeroPoint < 255.5;
      return of !== undefined && a > 0 && isStep ? { of, scale: a, zeroPoint: Math.round(zeroPoint) } : undefined;
    }
    const constant = scalarOf(graph, y);
    if (constant === undefined) return undefined;
    if (maker.op === 'Mul') a *= constant;
    else if (maker.op === 'Div') a /= constant;
    else if (maker.op === 'Add') b += a * constant;
    else if (maker.op === 'Sub') b -= a * constant;
    else return undefined;
    at = x;
  }
}

function scalarOf({ initializers }: Graph, name: string): number | undefined {
  const tensor = initializers.get(name);
  return tensor?.dtype === 'float32' && tensor.data.length === 1 ? toNumbers(tensor)[0] : undefined;
}

/** The graph's input, or that moved about. */
function isPixels(name: string, graph: Graph, makers: ReadonlyMap<string, Node>): boolean {
  const maker = makers.get(name);
  if (maker) return movers.has(maker.op) && isPixels(maker.inputs[0]!, graph, makers);
  return graph.inputs.some((input) => input.name === name && input.dtype === 'uint8');
}
