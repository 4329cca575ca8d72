/** createRecognizer: a model by name, path or bytes, made ready to predict images in Node. */

import { type AnyPrediction, type Image, openModel, type Prediction, type Preprocess, Recognizer } from '@denary/core';
import { type DeviceChoice, openSession } from './devices.js';
import { decodeImage } from './image-file.js';
import { readModel } from './model-files.js';

/** A path or URL of a file, the bytes of an encoded image (PNG, JPEG, WebP, TIFF, GIF), or raw pixels. */
export type ImageSource = string | URL | Uint8Array | Image;

export interface RecognizerOptions {
  /** A shipped model's name, a model's folder, an .onnx file, or a model's bytes; default `cnn`. */
  readonly model?: string | Uint8Array;
  /** Default `auto`: the fastest device that works here. */
  readonly device?: DeviceChoice;
  /** Default `normalise`, for drawings and photos of one digit; `none` for pixels as the model was trained with. */
  readonly preprocess?: Preprocess;
  /** Images in one run of the model; default 128. */
  readonly batchSize?: number;
  /** Threads for one run; all cores where left out. */
  readonly threads?: number;
}

/**
 * Loads a model. One that reads several digits at once gives text: `createRecognizer<TextPrediction>(...)`. Throws DenaryError: `not-found`, `bad-model` for a file that is no digit model, `not-finite` for broken
 * weights, `device-unavailable` for a named device that does not work.
 */
export async function createRecognizer<P extends AnyPrediction = Prediction>(
  options: RecognizerOptions = {},
): Promise<Recognizer<ImageSource, P>> {
  const { model = 'cnn', device = 'auto', preprocess, batchSize, threads } = options;
  const { bytes, who } =
    typeof model === 'string'
      ? await readModel(model).then(({ bytes, path }) => ({ bytes, who: path }))
      : { bytes: model, who: 'createRecognizer' };
  const { contract } = openModel(bytes, who);
  const { session } = await openSession(bytes, device, contract, threads ? { threads } : {});
  try {
    return new Recognizer<ImageSource, P>({
      session,
      contract,
      decode: (source) => (isImage(source) ? source : decodeImage(source)),
      ...(preprocess ? { preprocess } : {}),
      ...(batchSize === undefined ? {} : { batchSize }),
    });
  } catch (error) {
    await session.close();
    throw error;
  }
}

const isImage = (source: ImageSource): source is Image => typeof source === 'object' && 'channels' in source;
