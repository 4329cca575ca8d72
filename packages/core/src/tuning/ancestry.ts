/** Whether a model can be taught with what belongs to another, its training graphs and core set: whether it was tuned from it. */

import { problem } from '../errors.js';
import { decodeModel } from '../onnx/decode.js';
import type { Model } from '../onnx/model.js';
import { lineageIn } from './lineage.js';
import { type Digest, differ } from './personal-model.js';

/**
 * Throws `bad-model` for a model whose weights have other names, types or shapes than those of the base, or whose lineage
 * begins with another one; a model without a lineage is known by its weights alone.
 */
export async function requireTunedFrom(
  model: Uint8Array,
  base: Uint8Array,
  digest: Digest,
  who: string,
): Promise<void> {
  const [given, wanted] = [decodeModel(model, who), decodeModel(base, who)];
  const [received, expected] = [weightsOf(given), weightsOf(wanted)];
  const odd = [...expected, ...received].find((weight) => expected.has(weight) !== received.has(weight));
  if (odd) {
    const [has, lacks] = expected.has(odd) ? ['the base', 'it'] : ['it', 'the base'];
    throw otherBase(who, `another kind of model: ${has} has the weights ${odd}, ${lacks} has not`);
  }
  const origin = lineageIn(given, who)?.origin;
  const own = origin && (lineageIn(wanted, who)?.origin ?? (await digest(base)));
  if (origin && own && differ(origin, own)) throw otherBase(who, `one that was tuned from ${origin}, not from ${own}`);
}

/** As text, by which they are compared. */
const weightsOf = ({ graph }: Model): Set<string> =>
  new Set([...graph.initializers].map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape.join(', ')}]`));

const otherBase = (who: string, received: string) =>
  problem(
    'bad-model',
    who,
    'a model that was tuned from the base',
    received,
    'Open it with the model that it came from.',
  );
