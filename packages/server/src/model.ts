/** The model that is served, and its exchange for another one while requests go on. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import {
  type AnyPrediction,
  type CallOptions,
  DenaryError,
  type Image,
  type Reading,
  type RecognizerInfo,
  readsPages,
  turns,
} from '@denary/core';
import { createRecognizer, type RecognizerOptions, readModel } from '@denary/runtime-node';
import { RequestError } from './problem.js';

/** What a server needs of a recognizer; those of `createRecognizer` have it. */
export interface ServedRecognizer {
  readonly info: RecognizerInfo;
  /** Images that have no answer yet. */
  readonly pending: number;
  predict(source: Image | Uint8Array, options?: CallOptions): Promise<AnyPrediction>;
  /** Reads a sheet of digits; where there is none, or the model is none for it, the server does not offer it. */
  read?(source: Image | Uint8Array, options?: CallOptions): Promise<Reading>;
  close(): Promise<void>;
}

/** What /v1/models tells. */
export interface ModelFacts extends RecognizerInfo {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: number;
  /** Which of its files it is, where that is not `model.onnx`. */
  readonly variant?: string;
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
  /** How many worker threads do not come back from their run. */
  readonly stuck: () => number;
}

export class ServedModel {
  private readonly inTurn = turns();
  /** Of models that others have taken the place of. */
  private readonly closings = new Set<Promise<void>>();

  private constructor(
    private opened: Opened,
    private readonly open?: () => Promise<Opened>,
    private readonly ending = new AbortController(),
  ) {}

  /** Opens a model by name or path. Throws what `createRecognizer` throws. */
  static async open(model: string, options: RecognizerOptions): Promise<ServedModel> {
    const ending = new AbortController();
    const open = () => openModelFile(model, { ...options, kill: ending.signal });
    return new ServedModel(await open(), open, ending);
  }

  static of(recognizer: ServedRecognizer): ServedModel {
    return new ServedModel({ recognizer, facts: factsOf(recognizer, { name: 'model' }), stuck: () => 0 });
  }

  get recognizer(): ServedRecognizer {
    return this.opened.recognizer;
  }

  get facts(): ModelFacts {
    return this.opened.facts;
  }

  /** Whether the model can read sheets. */
  get readsSheets(): boolean {
    const { read, info } = this.recognizer;
    return read !== undefined && readsPages(info);
  }

  /** Throws `overloaded` where no image is taken any more, and `stuck` where none would be looked at. */
  requireRoom(): void {
    const { pending, info } = this.recognizer;
    if (info.workers > 0 && this.opened.stuck() >= info.workers) throw stuckError();
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
   * Opens the model's file anew and serves that; calls that the old one has are answered by it, and then it is `closed`. Where
   * the file does not open, this throws why, and the old one goes on.
   */
  reload(): Promise<{ facts: ModelFacts; closed: Promise<void> }> {
    return this.inTurn(async () => {
      if (!this.open) throw notReloadable();
      const [before, next] = [this.opened, await this.open()];
      this.opened = next;
      // Not in turn: where a run of the old one never ends, the next reload need not wait for it.
      return { facts: next.facts, closed: this.retire(before.recognizer) };
    });
  }

  /** Answers the calls that were made, and closes the model if it was opened here. */
  close(): Promise<void> {
    return this.inTurn(async () => {
      if (this.open) this.retire(this.recognizer);
      await Promise.all(this.closings);
    });
  }

  /** Ends worker processes, whatever they are doing, so that `close` comes to its end. */
  kill(): void {
    this.ending.abort();
  }

  private retire(recognizer: ServedRecognizer): Promise<void> {
    const closing = recognizer.close().finally(() => this.closings.delete(closing));
    this.closings.add(closing);
    return closing;
  }
}

async function openModelFile(model: string, { variant, ...options }: RecognizerOptions): Promise<Opened> {
  const { bytes, path, manifest } = await readModel(model, variant);
  let stuck = 0;
  const onWorkerStuck = (is: boolean) => {
    stuck += is ? 1 : -1;
    options.onWorkerStuck?.(is);
  };
  const recognizer = await createRecognizer<AnyPrediction>({ ...options, model: bytes, onWorkerStuck });
  const measured = variant === undefined ? manifest : manifest?.variants?.[variant];
  const accuracy = measured?.metrics.test?.accuracy;
  const facts = factsOf(recognizer, {
    name: manifest?.name ?? basename(path, '.onnx'),
    ...(manifest ? { description: manifest.description, parameters: manifest.parameters } : {}),
    ...(variant === undefined ? {} : { variant }),
    ...(accuracy === undefined ? {} : { accuracy }),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  return { recognizer, facts, stuck: () => stuck };
}

const factsOf = ({ info }: ServedRecognizer, more: Omit<ModelFacts, keyof RecognizerInfo | 'since'>): ModelFacts => ({
  ...more,
  ...info,
  since: new Date().toISOString(),
});

const stuckError = () =>
  new RequestError(
    503,
    {
      code: 'stuck',
      who: 'denary',
      expected: 'a worker that takes images',
      received: 'none that has come back from its run',
      remedy: 'Try again later; where that does not help, start the server anew.',
    },
    1,
  );

function notReloadable(): DenaryError {
  return new DenaryError({
    code: 'bad-argument',
    who: 'Server.reload',
    expected: 'a server that opened its model itself',
    received: 'one that was given a recognizer',
    remedy: 'Give createServer the name or path of a model.',
  });
}
