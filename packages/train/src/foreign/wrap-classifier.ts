/**
 * Wraps a classifier that PyTorch, Keras or anybody else exported into the model file's contract: uint8 `image` in, scaled
 * and laid out as the classifier takes it, `probabilities` out. Its weights keep their names and their values.
 */

import { type Contract, contractOf, type Graph, GraphBuilder, type Model, problem, type Value } from '@denary/core';
import { removeDeadNodes } from '../passes/dead-nodes.js';
import { appendFolded, namesIn } from '../passes/fold-constants.js';
import { emitImage, type ImageFormat, type ImageOptions, imageFormatOf } from './image-format.js';
import { inPredictingForm, withoutNames } from './normal-form.js';
import { requireKnownOperators } from './unknown-operators.js';

export interface WrapOptions extends ImageOptions {
  /** Of the model; default the graph's own. */
  readonly name?: string;
  /** The output to take, where there are several. */
  readonly output?: string;
  /**
   * Whether the output is logits, which a softmax makes probabilities of; told by the last operator where left out: what
   * ends in Softmax or Sigmoid gives probabilities, LogSoftmax and everything else logits.
   */
  readonly logits?: boolean;
}

export interface Wrapped {
  readonly model: Model;
  readonly contract: Contract;
  readonly format: ImageFormat;
  /** What the classifier's own output was taken for. */
  readonly output: 'logits' | 'log-probabilities' | 'probabilities';
}

/** In a file's metadata: what pixels are divided by before they go in, where whoever made it knows. */
export const SCALE = 'denary.scale';

/** Names that a model or its training graph has for itself. */
const OUR_NAMES = [
  'image',
  'probabilities',
  'label',
  'sample_weight',
  'learning_rate',
  'seed',
  'step',
  'metrics',
  'loss',
];

/**
 * Throws `unsupported-operator`, naming all nodes that denary does not know, `bad-model` for what is no classifier of one
 * image, and `bad-argument` where the image's format can't be told and is not given.
 */
export function wrapClassifier(given: Model, options: WrapOptions = {}): Wrapped {
  const model = withoutNames(inPredictingForm(given), OUR_NAMES);
  requireKnownOperators(model.graph);
  const input = inputOf(model.graph, given.graph, options.input);
  const output = outputOf(model.graph, given.graph, options.output);
  const { [SCALE]: told, ...metadata } = given.metadata;
  const format = imageFormatOf(input, { ...(told && { scale: Number(told) }), ...options });

  const builder = new GraphBuilder(options.name ?? model.graph.name, model.opset);
  builder.reserve(namesIn(model.graph));
  emitImage(builder, format, input.name);
  const fixedBatch = typeof input.shape[0] === 'number' ? input.shape[0] : undefined;
  const last = appendFolded(builder, model.graph, fixedBatch)(output.name);
  const found = probabilitiesOf(builder, last, options.logits);
  builder.output(found.value, 'probabilities');
  const built = builder.model({ ...metadata, 'denary.model': essentials(builder, options.name, format) });
  const wrapped = { ...built, graph: removeDeadNodes(built.graph) };
  return { model: wrapped, contract: contractOf(wrapped, 'wrapClassifier'), format, output: found.output };
}

/** Whether a model has the contract already. */
export function hasContract({ graph: { inputs, outputs } }: Model): boolean {
  const [image, probabilities] = [inputs[0], outputs[0]];
  return image?.name === 'image' && image.dtype === 'uint8' && probabilities?.name === 'probabilities';
}

function inputOf({ inputs }: Graph, given: Graph, wanted: string | undefined): Value {
  const at = wanted === undefined && inputs.length === 1 ? 0 : given.inputs.findIndex(({ name }) => name === wanted);
  if (inputs.length === 1 && at === 0) return inputs[0]!;
  throw problem(
    'bad-model',
    'wrapClassifier',
    wanted === undefined ? 'a classifier with one input' : `one input, called "${wanted}"`,
    given.inputs.map(({ name }) => `"${name}"`).join(', ') || 'none',
    'Export the model so that it takes images and nothing else.',
  );
}

function outputOf({ outputs }: Graph, given: Graph, wanted: string | undefined): Value {
  const at = wanted === undefined && outputs.length === 1 ? 0 : given.outputs.findIndex(({ name }) => name === wanted);
  const found = outputs[at];
  if (found) return found;
  throw problem(
    'bad-argument',
    'wrapClassifier',
    wanted === undefined ? 'the name of one of several outputs' : 'the name of an output',
    wanted === undefined ? 'none' : `"${wanted}"`,
    `Outputs are: ${given.outputs.map(({ name }) => name).join(', ')}.`,
  );
}

/** The classifier's output as probabilities [batch, classes] or [batch, slots, classes]. */
function probabilitiesOf(
  builder: GraphBuilder,
  last: Value,
  logits?: boolean,
): Pick<Wrapped, 'output'> & { value: Value } {
  const maker = builder.producer(last.name);
  const ends = (...ops: string[]) => maker !== undefined && ops.includes(maker.op);
  if (logits === false || (logits === undefined && ends('Softmax', 'Sigmoid'))) {
    return { output: 'probabilities', value: requireClasses(builder, last) };
  }
  // softmax(log softmax(z)) = softmax(z), and a loss is exact where it finds the logits themselves.
  const isLog = ends('LogSoftmax');
  const values = requireClasses(builder, isLog ? builder.value(maker!.inputs[0]!) : last);
  const axis = values.shape.length - 1;
  return { output: isLog ? 'log-probabilities' : 'logits', value: builder.op('Softmax', [values], { axis }) };
}

function requireClasses(builder: GraphBuilder, value: Value): Value {
  const { shape } = value;
  const [batch, ...rest] = shape;
  const ones = rest.slice(1).every((size) => size === 1);
  const fixed = rest.every((size) => typeof size === 'number');
  if (batch === 'batch' && fixed && rest.length > 1 && ones) return builder.op('Flatten', [value]);
  if (batch === 'batch' && fixed && (rest.length === 1 || rest.length === 2)) return value;
  throw problem(
    'bad-model',
    'wrapClassifier',
    'an output [batch, classes] or [batch, slots, classes]',
    `[${shape.join(', ')}]`,
    'Name the right output, or export the model with a symbolic batch.',
  );
}

function essentials(builder: GraphBuilder, name: string | undefined, { height, width }: ImageFormat): string {
  const { shape } = builder.value('probabilities');
  const classes = Array.from({ length: Number(shape.at(-1)) }, (_, i) => `${i}`);
  const slots = shape.length === 3 ? Number(shape[1]) : 1;
  return JSON.stringify({ name: name ?? 'classifier', classes, slots, preprocessing: preprocessingOf(height, width) });
}

/** What an image goes through before a model of that size. */
export const preprocessingOf = (height: number, width: number): string =>
  height === 28 && width === 28 ? 'mnist' : 'none';
