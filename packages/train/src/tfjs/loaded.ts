/** Models that TensorFlow.js itself has loaded, from wherever its loaders reach: a URL, a Hub, a browser's storage. */

import type { Model } from '@denary/core';
import * as v from 'valibot';
import { convertTfjs } from './convert.js';
import type { ConvertOptions } from './convert-layers.js';
import { formatOf, type TfjsModel } from './read-model.js';
import { damaged, decodeWeights, weightSpec } from './weights.js';

/** A tf.GraphModel of `@tensorflow/tfjs-converter`, or a tf.LayersModel. */
export interface LoadedModel {
  save(handler: { save(artifacts: object): Promise<SaveResult> }): Promise<unknown>;
}

/** As TensorFlow.js has it from those who save. */
interface SaveResult {
  readonly modelArtifactsInfo: { readonly dateSaved: Date; readonly modelTopologyType: 'JSON' };
}

const artifacts = v.looseObject({
  format: v.nullish(v.string()),
  modelTopology: v.record(v.string(), v.unknown()),
  weightSpecs: v.optional(v.array(weightSpec), []),
  weightData: v.optional(v.union([v.instance(ArrayBuffer), v.array(v.instance(ArrayBuffer))]), []),
  signature: v.optional(v.unknown()),
});

/** What a loaded model would save. Throws `bad-model` where that is no model. */
export async function readLoadedModel(model: LoadedModel, name = 'a loaded model'): Promise<TfjsModel> {
  let given: unknown;
  await model.save({
    save: async (found) => {
      given = found;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  });
  const parsed = v.safeParse(artifacts, given);
  if (!parsed.success) throw damaged(name, 'the parts of a model', parsed.issues[0].message);
  const { modelTopology: topology, weightSpecs, weightData, signature } = parsed.output;
  const parts = Array.isArray(weightData) ? weightData : [weightData];
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const weights = decodeWeights(weightSpecs, bytes, name);
  return {
    name,
    format: formatOf(parsed.output, name),
    topology,
    weights,
    ...(signature !== undefined && { signature }),
  };
}

/** Converts what TensorFlow.js has loaded. */
export const convertLoadedModel = async (
  model: LoadedModel,
  options: ConvertOptions & { readonly name?: string } = {},
): Promise<Model> => convertTfjs(await readLoadedModel(model, options.name), options);
