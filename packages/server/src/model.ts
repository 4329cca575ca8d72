/** The model that is served, and its exchange for another one while requests go on. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import {
  type AnyPrediction,
  type CallOptions,
  DenaryError,
  type Image,
  type RecognizerInfo,
  turns,
} from '@denary/core';
import { createRecognizer, type RecognizerOptions, readModel } from '@denary/runtime-node';

/** What a server needs of a recognizer; those of `createRecognizer` have it. */
export interface ServedRecognizer {
  readonly info: RecognizerInfo;
  /** Images that have no answer yet. */
  readonly pending: number;
  predict(source: Image | Uint8Array, options?: CallOptions): Promise<AnyPrediction>;
  /** Reads a sheet of digits; where there is none, the server does not offer it. */
  read?(source: Image | Uint8Array, options?: CallOptions): Promise<object>;
  close(): Promise<void>;
}

/** What /v1/models tells. */
export interface ModelFacts extends RecognizerInfo {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: number;
  /** On its test set, 0 to 1. */
  readonly accuracy?: number;
  /** Of the file. */
  readonly sha256?: string;
  /** When it was opened, ISO 8601. */
  readonly since: string;
}

interface Opened {
  readonly recognizer: ServedRecognizer;
  readonly facts: ModelFacts;
}

export class ServedModel {
  private readonly inTurn = turns();

  private constructor(
    private opened: Opened,
    private readonly open: (() => Promise<Opened>) | undefined,
  ) {}

  /** Opens a model by name or path. Throws what `createRecognizer` throws. */
  static async open(model: string, options: RecognizerOptions): Promise<ServedModel> {
    const open = () => openModelFile(model, options);
    return new ServedModel(await open(), open);
  }

  static of(recognizer: ServedRecognizer): ServedModel {
    return new ServedModel({ recognizer, facts: factsOf(recognizer, { name: 'model' }) }, undefined);
  }

  get recognizer(): ServedRecognizer {
    return this.opened.recognizer;
  }

  get facts(): ModelFacts {
    return this.opened.facts;
  }

  /** Throws `overloaded` where no image is taken any more. */
  requireRoom(): void {
    const { pending, info } = this.recognizer;
    if (pending < info.maxQueue) return;
    throw new DenaryError({
      code: 'overloaded',
      who: 'denary',
      expected: `fewer than ${info.maxQueue} images without an answer`,
      received: `${pending}`,
      remedy: 'Try again in a second.',
    });
  }

  /**
   * Opens the model's file anew and serves that; calls that the old one has are answered by it, and then it is closed.
   * Where the file does not open, this throws why, and the old one goes on.
   */
  reload(): Promise<ModelFacts> {
    return this.inTurn(async () => {
      if (!this.open) throw notReloadable();
      const [before, next] = [this.opened, await this.open()];
      this.opened = next;
      await before.recognizer.close();
      return next.facts;
    });
  }

  /** Answers the calls that were made, and closes the model if it was opened here. */
  close(): Promise<void> {
    return this.inTurn(async () => {
      if (this.open) await this.recognizer.close();
    });
  }
}

async function openModelFile(model: string, options: RecognizerOptions): Promise<Opened> {
  const { bytes, path, manifest } = await readModel(model);
  const recognizer = await createRecognizer<AnyPrediction>({ ...options, model: bytes });
  const accuracy = manifest?.metrics.test?.accuracy;
  const facts = factsOf(recognizer, {
    name: manifest?.name ?? basename(path, '.onnx'),
    ...(manifest ? { description: manifest.description, parameters: manifest.parameters } : {}),
    ...(accuracy === undefined ? {} : { accuracy }),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  return { recognizer, facts };
}

const factsOf = ({ info }: ServedRecognizer, more: Omit<ModelFacts, keyof RecognizerInfo | 'since'>): ModelFacts => ({
  ...more,
  ...info,
  since: new Date().toISOString(),
});

function notReloadable(): DenaryError {
  return new DenaryError({
    code: 'bad-argument',
    who: 'Server.reload',
    expected: 'a server that opened its model itself',
    received: 'one that was given a recognizer',
    remedy: 'Give createServer the name or path of a model.',
  });
}
