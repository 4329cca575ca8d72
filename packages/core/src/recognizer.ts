/**
 * A loaded model that turns images into predictions. What an image may be is the runtime package's business: it hands in
 * the decoder. Large inputs go through in batches, so that memory stays bounded however many images come.
 */

import type { Contract } from './contract.js';
import { DenaryError } from './errors.js';
import { type Image, toGrey } from './image.js';
import { FIELD, normalise } from './normalise.js';
import { emptyPrediction, type Prediction, toPrediction } from './prediction.js';
import type { Device, Session } from './session.js';

/** `normalise`: as MNIST was made, for drawings and photos. `none`: the pixels as they are, ink bright, in the model's size. */
export type Preprocess = 'normalise' | 'none';

export interface RecognizerParts<Source> {
  readonly session: Session;
  readonly contract: Contract;
  readonly decode: (source: Source) => Image | Promise<Image>;
  readonly preprocess?: Preprocess;
  /** Images in one run of the model; default 128. */
  readonly batchSize?: number;
}

export interface RecognizerInfo extends Contract {
  /** Where the model runs. */
  readonly device: Device;
  readonly preprocess: Preprocess;
  readonly batchSize: number;
}

export class Recognizer<Source> {
  readonly info: RecognizerInfo;
  private readonly session: Session;
  private readonly decode: RecognizerParts<Source>['decode'];
  /** Runs queue up here: a session runs one at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor({ session, contract, decode, preprocess = 'normalise', batchSize = 128 }: RecognizerParts<Source>) {
    const { height, width } = contract;
    if (preprocess === 'normalise' && (height !== FIELD || width !== FIELD)) {
      throw new DenaryError({
        code: 'bad-argument',
        who: 'createRecognizer',
        expected: `a model of ${FIELD}x${FIELD} images, which normalisation makes`,
        received: `one of ${width}x${height}`,
        remedy: "Use preprocess: 'none' and give images of the model's size.",
      });
    }
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw badArgument('createRecognizer', 'a batchSize of at least 1', `${batchSize}`, 'Leave it out for 128.');
    }
    this.session = session;
    this.decode = decode;
    this.info = { ...contract, device: session.device, preprocess, batchSize };
  }

  /**
   * Predicts one image, or many: an array in gives an array out, in its order.
   * Throws `bad-image` for an image that can't be used (naming it), `bad-argument` for an empty array.
   */
  predict(source: Source): Promise<Prediction>;
  predict(sources: readonly Source[]): Promise<Prediction[]>;
  async predict(sources: Source | readonly Source[]): Promise<Prediction | Prediction[]> {
    if (!Array.isArray(sources)) return (await this.predictAll([sources as Source]))[0]!;
    if (sources.length === 0) {
      throw badArgument(
        'predict',
        'at least one image',
        'an empty array',
        'Skip the call where there is nothing to do.',
      );
    }
    return this.predictAll(sources);
  }

  close(): Promise<void> {
    return this.queued(() => this.session.close());
  }

  private async predictAll(sources: readonly Source[]): Promise<Prediction[]> {
    const { batchSize } = this.info;
    const predictions: Prediction[] = [];
    for (let start = 0; start < sources.length; start += batchSize) {
      const chunk = sources.slice(start, start + batchSize);
      const images = await Promise.all(chunk.map((source) => this.decode(source)));
      for (const prediction of await this.predictBatch(images)) predictions.push(prediction);
    }
    return predictions;
  }

  private async predictBatch(images: readonly Image[]): Promise<Prediction[]> {
    const { height, width, classes } = this.info;
    const area = height * width;
    const pixels = new Uint8Array(images.length * area);
    const empty = images.map((image, i) => this.prepare(image, pixels.subarray(i * area, (i + 1) * area)));
    const feeds = { image: { dtype: 'uint8', shape: [images.length, height, width], data: pixels } } as const;
    const { probabilities } = await this.queued(() => this.session.run(feeds));
    const rows = probabilities!.data as Float32Array;
    return empty.map((isEmpty, i) =>
      isEmpty ? emptyPrediction(classes) : toPrediction(rows.subarray(i * classes, (i + 1) * classes)),
    );
  }

  /** Writes the pixels that the model will see; true where there is nothing on them. */
  private prepare(image: Image, target: Uint8Array): boolean {
    const grey = toGrey(image, 'predict');
    if (this.info.preprocess === 'normalise') {
      const { pixels, empty } = normalise(grey);
      target.set(pixels);
      return empty;
    }
    const { height, width } = this.info;
    if (grey.width !== width || grey.height !== height) {
      throw new DenaryError({
        code: 'bad-image',
        who: 'predict',
        expected: `an image of ${width}x${height} pixels, since preprocess is 'none'`,
        received: `${grey.width}x${grey.height}`,
        remedy: "Use preprocess: 'normalise', which takes any size.",
      });
    }
    target.set(grey.data);
    return false;
  }

  private queued<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }
}

function badArgument(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-argument', who, expected, received, remedy });
}
