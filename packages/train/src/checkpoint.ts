/** Where a training stands, so that it can go on later bit for bit: state, position, history, and the settings it belongs to. */

import { DenaryError, decodeSafetensors, encodeSafetensors, type Tensors } from '@denary/core';
import type { Curve, EpochLog } from './history.js';

export interface Checkpoint {
  /** What must be equal for the training to go on; compared as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The epoch and the step in it that come next, from 0. */
  readonly epoch: number;
  readonly step: number;
  readonly history: readonly EpochLog[];
  readonly curve: Curve;
  /** Seconds trained so far. */
  readonly seconds: number;
  readonly state: Tensors;
  /** The weights of the best epoch so far, where those are to be given back. */
  readonly best?: Tensors;
}

const BEST = 'best:';

export function encodeCheckpoint({ state, best = {}, ...rest }: Checkpoint): Uint8Array {
  const kept = Object.entries(best).map(([name, tensor]) => [BEST + name, tensor]);
  return encodeSafetensors({ ...state, ...Object.fromEntries(kept) }, { 'denary.checkpoint': JSON.stringify(rest) });
}

/** Throws `bad-data` for bytes that are no checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array, who = 'decodeCheckpoint'): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, who);
  const text = metadata['denary.checkpoint'];
  if (text) {
    const kept = Object.keys(tensors).filter((name) => name.startsWith(BEST));
    const best = Object.fromEntries(kept.map((name) => [name.slice(BEST.length), tensors[name]!]));
    const state = Object.fromEntries(Object.entries(tensors).filter(([name]) => !kept.includes(name)));
    return { ...JSON.parse(text), state, ...(kept.length > 0 && { best }) };
  }
  throw new DenaryError({
    code: 'bad-data',
    who,
    expected: 'a checkpoint of denary',
    received: 'another safetensors file',
    remedy: 'Train again without --resume.',
  });
}

/** Throws `bad-argument`, naming what differs, where a checkpoint belongs to another training. */
export function requireSameSettings(before: Checkpoint['settings'], now: Checkpoint['settings']): void {
  const differing = Object.keys({ ...before, ...now }).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]),
  );
  if (differing.length === 0) return;
  const show = (settings: Checkpoint['settings']) =>
    differing.map((key) => `${key} ${JSON.stringify(settings[key])}`).join(', ');
  throw new DenaryError({
    code: 'bad-argument',
    who: 'resume',
    expected: `the settings that it was started with (${show(before)})`,
    received: show(now),
    remedy: 'Resume with the same settings, or start anew without resuming.',
  });
}
