/**
 * A loaded model that turns images into predictions. What an image may be is the runtime package's business: it hands in
 * the decoder. Large inputs go through in batches, so that memory stays bounded however many images come.
 */

import type { Contract } from './contract.js';
import { DenaryError } from './errors.js';
import { type Image, toGrey } from './image.js';
import { FIELD, normalise } from './normalise.js';
import { emptyPrediction, type Prediction, type TextPrediction, toPrediction, toTextPrediction } from './prediction.js';
import type { Device, Session } from './session.js';

/** `normalise`: as MNIST was made, for drawings and photos. `none`: the pixels as they are, ink bright, in the model's size. */
export type Preprocess = 'normalise' | 'none';

export interface RecognizerParts<Source> {
  readonly session: Session;
  readonly contract: Contract;
  readonly decode: (source: Source) => Image | Promise<Image>;
  /** Default `normalise` for a model of one digit on 28x28 pixels, else `none`. */
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

/** What `predict` gives for one image: by the model, a digit or a text. */
export type AnyPrediction = Prediction | TextPrediction;

export class Recognizer<Source, P extends AnyPrediction = Prediction> {
  readonly info: RecognizerInfo;
  private readonly session: Session;
  private readonly decode: (source: Source) => Image | Promise<Image>;

  constructor({ session, contract, decode, preprocess, batchSize = 128 }: RecognizerParts<Source>) {
    const { height, width, slots } = contract;
    const normalisable = height === FIELD && width === FIELD && slots === 1;
    if (preprocess === 'normalise' && !normalisable) {
      throw badArgument(
        'createRecognizer',
        `a model of one digit on ${FIELD}x${FIELD} pixels, which normalisation makes`,
        `one of ${slots} on ${width}x${height}`,
        "Use preprocess: 'none' and give images of the model's size.",
      );
    }
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw badArgument('createRecognizer', 'a batchSize of at least 1', `${batchSize}`, 'Leave it out for 128.');
    }
    this.session = session;
    this.decode = (source) => decode(source);
    this.info = {
      ...contract,
      device: session.device,
      preprocess: preprocess ?? (normalisable ? 'normalise' : 'none'),
      batchSize,
    };
  }

  /**
   * Predicts one image, or many: an array in gives an array out, in its order.
   * Throws `bad-image` for an image that can't be used (naming it), `bad-argument` for an empty array.
   */
  predict(source: Source): Promise<P>;
  predict(sources: readonly Source[]): Promise<P[]>;
  async predict(sources: Source | readonly Source[]): Promise<P | P[]> {
    if (!Array.isArray(sources)) return (await this.predictBatch([sources as Source], () => 'predict'))[0]!;
    if (sources.length === 0) {
      throw badArgument(
        'predict',
        'at least one image',
        'an empty array',
        'Skip the call where there is nothing to do.',
      );
    }
    const { batchSize } = this.info;
    const predictions: P[] = [];
    for (let start = 0; start < sources.length; start += batchSize) {
      const chunk = sources.slice(start, start + batchSize);
      predictions.push(...(await this.predictBatch(chunk, (i) => `predict: image ${start + i}`)));
    }
    return predictions;
  }

  /** Frees the model, after the calls under way. */
  close(): Promise<void> {
    return this.session.close();
  }

  private async predictBatch(sources: readonly Source[], who: (i: number) => string): Promise<P[]> {
    const { height, width, classes, slots } = this.info;
    const area = height * width;
    const decoded = sources.map(this.decode);
    // Raw pixels need no waiting for.
    const waits = decoded.some((image) => image instanceof Promise);
    const images = waits ? await Promise.all(decoded) : (decoded as Image[]);
    const pixels = new Uint8Array(images.length * area);
    const empty = images.map((image, i) => this.prepare(image, pixels.subarray(i * area, (i + 1) * area), who(i)));
    const { probabilities } = await this.session.run({
      image: { dtype: 'uint8', shape: [images.length, height, width], data: pixels },
    });
    const rows = probabilities!.data as Float32Array;
    const digit = (isEmpty: boolean, at: number): Prediction =>
      isEmpty ? emptyPrediction(classes) : toPrediction(rows, at * classes, classes);
    if (slots === 1) return empty.map(digit) as P[];
    return empty.map((isEmpty, i) => {
      const digits = Array.from({ length: slots }, (_, slot) => digit(isEmpty, i * slots + slot));
      return toTextPrediction(digits) as P;
    });
  }

  /** Writes the pixels that the model will see; true where there is nothing on them. */
  private prepare(image: Image, target: Uint8Array, who: string): boolean {
    const grey = toGrey(image, who);
    if (this.info.preprocess === 'normalise') {
      const { pixels, empty } = normalise(grey);
      target.set(pixels);
      return empty;
    }
    const { height, width } = this.info;
    if (grey.width !== width || grey.height !== height) {
      throw new DenaryError({
        code: 'bad-image',
        who,
        expected: `an image of ${width}x${height} pixels, since preprocess is 'none'`,
        received: `${grey.width}x${grey.height}`,
        remedy: "Scale it to that size, or use preprocess: 'normalise' with a model of one digit.",
      });
    }
    target.set(grey.data);
    return false;
  }
}

function badArgument(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-argument', who, expected, received, remedy });
}
