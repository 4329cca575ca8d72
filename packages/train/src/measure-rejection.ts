/** How well a recognizer of single digits refuses what is none: what it does with digits and with pictures of other kinds. */

import {
  calibrationIn,
  chooseLimits,
  DenaryError,
  type Doubts,
  FIELD,
  type Image,
  normalise,
  openModel,
  refusedShare,
  type SessionFactory,
  toGrey,
} from '@denary/core';
import { doubtsOf } from './calibrate-model.js';
import { createDataset, type Dataset } from './data/dataset.js';
import { areaUnderRoc } from './rejection.js';

/** Pictures that are no digits. */
export interface Outsiders {
  readonly kind: string;
  readonly images: readonly Image[];
}

export interface RejectionRow {
  readonly kind: string;
  readonly count: number;
  /** The share in which no ink is found, refused as blank in any case. */
  readonly blank: number;
  /** The area under the ROC, digits against these, by confidence and by distance; blanks count as refused. */
  readonly areaByConfidence: number;
  readonly areaByDistance: number;
  /** The share refused where limits refuse `digits` of the digits that are measured: 0.5%, 1% and 2% of them. */
  readonly refused: readonly { readonly digits: number; readonly share: number }[];
  /** The share refused by `reject: 'auto'`, whose limits come from the model; NaN where it has none. */
  readonly auto: number;
}

const SHARES = [0.005, 0.01, 0.02];

export interface MeasureRejectionOptions {
  readonly createSession: SessionFactory;
  /** The bytes of a model of one digit on 28x28 pixels. */
  readonly model: Uint8Array;
  readonly digits: Dataset;
  readonly outsiders: readonly Outsiders[];
}

/** One row for each kind, the digits first. Throws `bad-data` where the model does not read one digit on 28x28 pixels. */
export async function measureRejection(options: MeasureRejectionOptions): Promise<RejectionRow[]> {
  const { digits, outsiders } = options;
  if (digits.height !== FIELD || digits.width !== FIELD || digits.slots !== 1) {
    throw new DenaryError({
      code: 'bad-data',
      who: 'measureRejection',
      expected: `single digits on ${FIELD}x${FIELD} pixels`,
      received: `${digits.name}, ${digits.width}x${digits.height} with ${digits.slots} label(s)`,
      remedy: 'Measure rejection with a model of one digit.',
    });
  }
  const area = FIELD * FIELD;
  const images = Array.from({ length: digits.count }, (_, i) => {
    const data = digits.images.subarray(i * area, (i + 1) * area);
    return { data, width: FIELD, height: FIELD, channels: 1 as const };
  });
  const inside = await doubtsAbout(images, options);
  const rows = [rowOf('digits', images.length, inside, inside)];
  for (const { kind, images } of outsiders) {
    rows.push(rowOf(kind, images.length, inside, await doubtsAbout(images, options)));
  }
  return rows;
}

function rowOf(kind: string, count: number, inside: Measured, those: Measured): RejectionRow {
  return {
    kind,
    count,
    blank: those.blank,
    areaByConfidence: areaUnderRoc(unsure(inside), unsure(those)),
    areaByDistance: areaUnderRoc(inside.distances ?? [], those.distances ?? []),
    refused: SHARES.map((share) => ({ digits: share, share: refusedShare(those, chooseLimits(inside, share)) })),
    auto: those.auto,
  };
}

interface Measured extends Doubts {
  readonly blank: number;
  readonly auto: number;
}

const unsure = ({ confidences }: Doubts) => Array.from(confidences, (confidence) => -confidence);

async function doubtsAbout(
  images: readonly Image[],
  { createSession, model }: MeasureRejectionOptions,
): Promise<Measured> {
  const calibration = calibrationIn(openModel(model).model);
  const found = images.map((image) => normalise(toGrey(image))).filter(({ empty }) => !empty);
  const blanks = images.length - found.length;
  const area = FIELD * FIELD;
  const data = new Uint8Array(found.length * area);
  found.forEach(({ pixels }, i) => {
    data.set(pixels, i * area);
  });
  let seen: Doubts = { confidences: [], distances: [] };
  if (found.length > 0) {
    const labels = new Uint8Array(found.length);
    const dataset = createDataset({ name: 'images', images: data, labels, height: FIELD, width: FIELD, classes: 1 });
    seen = await doubtsOf({ createSession, model, dataset, calibration, normalised: true });
  }
  const both: Doubts = {
    confidences: [...Array.from(seen.confidences), ...new Array<number>(blanks).fill(0)],
    distances: seen.distances && [...Array.from(seen.distances), ...new Array<number>(blanks).fill(Infinity)],
  };
  const { limits } = calibration;
  return { ...both, blank: blanks / images.length, auto: limits ? refusedShare(both, limits) : Number.NaN };
}
