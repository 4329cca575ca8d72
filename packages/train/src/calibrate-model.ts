/** Everything that a model file says of trust, found on data that the model was not trained on: temperature, domain, limits. */

import {
  type Calibration,
  type Domain,
  distanceFrom,
  FIELD,
  featuresOf,
  type Manifest,
  normalise,
  type SessionFactory,
} from '@denary/core';
import { atTemperature, fitTemperature, type TemperatureFit } from './calibrate.js';
import { createDataset, type Dataset } from './data/dataset.js';
import { fitDomain } from './domain.js';
import { evaluate } from './evaluate.js';
import { chooseLimits, type Doubts, refusedShare } from './rejection.js';
import { type Readings, readingsFrom } from './report/readings.js';

/** Of digits, the share that `reject: 'auto'` refuses. */
const SHARE = 0.01;

export interface CalibrateOptions {
  readonly createSession: SessionFactory;
  /** The bytes of a model in denary's contract. */
  readonly model: Uint8Array;
  /** What it was trained on: of single digits, how they look is learnt here. */
  readonly train: Dataset;
  /** What it was not trained on. */
  readonly validation: Dataset;
  /** Of the validation data, the share that the limits refuse at most; default 0.01. */
  readonly share?: number;
  /** Whether the temperature may be below 1, which makes the model surer; default true. */
  readonly sharpen?: boolean;
}

export interface Calibrated extends TemperatureFit {
  readonly calibration: Calibration;
  /** Of the validation data, as a recognizer sees them, the share that the limits refuse. */
  readonly refuses: number;
}

/** Throws `bad-data` where the data do not fit the model. The test set has no part in it. */
export async function calibrateModel(options: CalibrateOptions): Promise<Calibrated> {
  const { createSession, model, train, validation, share = SHARE, sharpen = true } = options;
  const { probabilities } = await evaluate({ createSession, model, dataset: validation });
  const best = fitTemperature({ probabilities, labels: validation.labels });
  const fit = best.temperature < 1 && !sharpen ? untempered(best) : best;
  const { temperature } = fit;
  const domain = domainOf(train);
  const doubts = await doubtsOf({ createSession, model, dataset: validation, calibration: { temperature, domain } });
  const limits = chooseLimits(doubts, share);
  return { ...fit, calibration: { temperature, limits, domain }, refuses: refusedShare(doubts, limits) };
}

const untempered = ({ count, nll, ece }: TemperatureFit): TemperatureFit => ({
  temperature: 1,
  count,
  nll: { before: nll.before, after: nll.before },
  ece: { before: ece.before, after: ece.before },
});

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

function domainOf(digits: Dataset): Domain | undefined {
  if (!isNormalisable(digits)) return undefined;
  const { labels, classes } = digits;
  return fitDomain({ images: normalisedImages(digits), labels, classes });
}

export interface DoubtsOptions extends Pick<CalibrateOptions, 'createSession' | 'model'> {
  readonly dataset: Dataset;
  readonly calibration: Calibration;
  /** Whether the images have been normalised; default false. */
  readonly normalised?: boolean;
}

/** How sure the model is of each sample, and how far it lies from its class: as a recognizer has it, single digits normalised. */
export async function doubtsOf(options: DoubtsOptions): Promise<Doubts> {
  const { createSession, model, dataset, calibration } = options;
  const { temperature, domain } = calibration;
  const seen = isNormalisable(dataset) && !options.normalised ? normalised(dataset) : dataset;
  const { probabilities } = await evaluate({ createSession, model, dataset: seen });
  const said = atTemperature({ probabilities, labels: seen.labels }, temperature);
  const readings = readingsFrom(said.probabilities, said.labels);
  return { confidences: readings.confidence, distances: domain && distancesOf(domain, seen, readings) };
}

function distancesOf(domain: Domain, { images }: Dataset, { predicted }: Readings): Float64Array {
  return Float64Array.from(predicted, (label, i) => distanceFrom(domain, featuresOf(images, i * FIELD * FIELD), label));
}

function normalised(dataset: Dataset): Dataset {
  const images = new Uint8Array(dataset.images.length);
  normalisedImages(dataset).forEach((pixels, i) => {
    images.set(pixels, i * FIELD * FIELD);
  });
  return createDataset({ ...dataset, images });
}

function normalisedImages({ images, count }: Dataset): Uint8Array[] {
  const area = FIELD * FIELD;
  return Array.from({ length: count }, (_, i) => {
    const data = images.subarray(i * area, (i + 1) * area);
    return normalise({ data, width: FIELD, height: FIELD }).pixels;
  });
}
