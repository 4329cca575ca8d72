/** POST /v1/predict: the digits on one image or many. */

import { type AnyPrediction, DenaryError } from '@denary/core';
import type { FastifyInstance } from 'fastify';
import { answerOf } from '../answer.js';
import { readBody } from '../bodies/read-body.js';
import type { Submitted } from '../bodies/submission.js';
import { bodyContext, type Context } from '../context.js';
import { OK, REJECTED } from '../metrics.js';
import { isAboutImage, outcomeOf, refusalOf, refuse } from '../problem.js';
import { imageBody, pixelQuery, refusals } from '../schemas.js';
import { Disconnection } from './disconnection.js';

const schema = {
  summary: 'Tells the digit on each image',
  description:
    'Images as files of a form, in JSON, or one as the body itself. An image that cannot be used has an error in its ' +
    'place among the predictions; where that is so of all of them, the status says so, too.',
  tags: ['predictions'],
  querystring: {
    type: 'object',
    properties: {
      ...pixelQuery,
      probabilities: { type: 'boolean', default: false, description: 'Whether to give the probability of every class' },
    },
  },
  response: { 200: { description: 'What is on the images', $ref: 'Answers#' }, ...refusals },
} as const;

export function predictRoute(app: FastifyInstance, context: Context): void {
  const options = { schema, config: { body: imageBody(true) } };
  app.post<{ Querystring: { probabilities: boolean } }>('/v1/predict', options, async (request, reply) => {
    const submitted = await readBody(request, bodyContext(context));
    const { name } = context.model.facts;
    const outcomes = await predictAll(submitted, context, new Disconnection(reply));
    const predictions = outcomes.map((outcome, i) =>
      answerOf(outcome, submitted[i]!.name, request.query.probabilities),
    );
    if (outcomes.some((outcome) => !(outcome instanceof DenaryError))) return { model: name, predictions };
    return refuse(reply, refusalOf(outcomes[0]), predictions.length > 1 ? { predictions } : {});
  });
}

/** What came of each image. Trouble that is not an image's own is thrown, and ends the others. */
function predictAll(
  submitted: readonly Submitted[],
  { model, metrics, settings }: Context,
  signal: Disconnection,
): Promise<(AnyPrediction | DenaryError)[]> {
  // One recognizer for all of them, which a reload then leaves alone until they are answered.
  const { recognizer } = model;
  const options = { signal, timeout: settings.timeout };
  const predict = async ({ source }: Submitted): Promise<AnyPrediction | DenaryError> => {
    try {
      if (source instanceof DenaryError) throw source;
      const prediction = await recognizer.predict(source, options);
      metrics.images.inc(prediction.rejected ? REJECTED : OK);
      return prediction;
    } catch (error) {
      metrics.images.inc({ outcome: outcomeOf(error) });
      if (isAboutImage(error)) return error;
      signal.abort();
      throw error;
    }
  };
  return Promise.all(submitted.map(predict));
}
