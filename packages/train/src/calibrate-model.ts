/** Everything that a model file says of trust, found on data that the model was not trained on: temperature, domain, limits. */

import {
  type Calibration,
  chooseLimits,
  type Doubts,
  decodeDomain,
  distanceFrom,
  type EncodedDomain,
  FIELD,
  type Manifest,
  normalise,
  refusedShare,
  type SessionFactory,
} from '@denary/core';
import { atTemperature, fitTemperature, type TemperatureFit } from './calibrate.js';
import { createDataset, type Dataset } from './data/dataset.js';
import { fitDomain } from './domain.js';
import { evaluate } from './evaluate.js';
import { readingsFrom } from './report/readings.js';

/** Of digits, the share that `reject: 'auto'` refuses. */
const SHARE = 0.01;

export interface CalibrateOptions {
  readonly createSession: SessionFactory;
  /** The bytes of a model in denary's contract. */
  readonly model: Uint8Array;
  /** What it was trained on: of single digits, what tells them from all else is learnt here. */
  readonly train: Dataset;
  /** What it was not trained on. */
  readonly validation: Dataset;
  /** In place of one that is fitted to `train`. */
  readonly domain?: EncodedDomain | undefined;
  /** Of the validation data, the share that the limits refuse at most; default 0.01. */
  readonly share?: number;
}

export interface Calibrated extends TemperatureFit {
  readonly calibration: Calibration;
  /** Of the validation data, as a recognizer sees them, the share that the limits refuse. */
  readonly refuses: number;
}

/** Throws `bad-data` where the data do not fit the model. The test set has no part in it. */
export async function calibrateModel(options: CalibrateOptions): Promise<Calibrated> {
  const { createSession, model, validation, share = SHARE } = options;
  const { probabilities } = await evaluate({ createSession, model, dataset: validation });
  const fit = fitTemperature({ probabilities, labels: validation.labels });
  const { temperature } = fit;
  const domain = options.domain ?? (await domainOf(options));
  const doubts = await doubtsOf({ createSession, model, dataset: validation, calibration: { temperature, domain } });
  const limits = chooseLimits(doubts, share);
  return { ...fit, calibration: { temperature, limits, domain }, refuses: refusedShare(doubts, limits) };
}

/** As a manifest has it. `on` tells in words which data it was, and what read them. */
export function calibrationRecord(calibrated: Calibrated, on: string): NonNullable<Manifest['calibration']> {
  const { calibration, refuses, count, nll, ece } = calibrated;
  const { temperature, limits } = calibration;
  return {
    temperature,
    ...(limits && { limits: { ...limits } }),
    refuses,
    on,
    count,
    nll: { ...nll },
    ece: { ...ece },
  };
}

const isNormalisable = ({ height, width, slots }: Dataset) => height === FIELD && width === FIELD && slots === 1;

/** Nothing for what a recognizer does not normalise. */
export async function domainOf({ createSession, train }: Pick<CalibrateOptions, 'createSession' | 'train'>) {
  return isNormalisable(train) ? fitDomain({ createSession, digits: normalised(train) }) : undefined;
}

export interface DoubtsOptions extends Pick<CalibrateOptions, 'createSession' | 'model'> {
  readonly dataset: Dataset;
  readonly calibration: Calibration;
  /** Whether the images have been normalised; default false. */
  readonly normalised?: boolean;
}

/** How sure the model is of each sample, and how far that lies from digits: as a recognizer has it, single digits normalised. */
export async function doubtsOf(options: DoubtsOptions): Promise<Doubts> {
  const { createSession, model, dataset, calibration } = options;
  const { temperature, domain } = calibration;
  const seen = isNormalisable(dataset) && !options.normalised ? normalised(dataset) : dataset;
  const { probabilities } = await evaluate({ createSession, model, dataset: seen });
  const said = atTemperature({ probabilities, labels: seen.labels }, temperature);
  const readings = readingsFrom(said.probabilities, said.labels);
  return { confidences: readings.confidence, distances: domain && distancesOf(domain, seen) };
}

function distancesOf(encoded: EncodedDomain, { images, count }: Dataset): Float64Array {
  const domain = decodeDomain(encoded);
  const area = FIELD * FIELD;
  return Float64Array.from({ length: count }, (_, i) =>
    distanceFrom(domain, images.subarray(i * area, (i + 1) * area)),
  );
}

/** As a recognizer sees them. */
function normalised(digits: Dataset): Dataset {
  const area = FIELD * FIELD;
  const images = new Uint8Array(digits.images.length);
  for (let at = 0; at < images.length; at += area) {
    const data = digits.images.subarray(at, at + area);
    images.set(normalise({ data, width: FIELD, height: FIELD }).pixels, at);
  }
  return createDataset({ ...digits, images });
}
