/** What reads: the model, and what it runs on; before that, how much of it has come. */

import type { RecognizerInfo } from '@denary/core';
import type { Progress } from '@denary/runtime-web';
import { byId } from './dom.js';

const model = byId('model');
const device = byId('device');

/** Bytes by file: those that came, and those that will. */
const files = new Map<string, Progress>();

export function showProgress(progress: Progress): void {
  files.set(progress.file, progress);
  const sum = (key: 'loaded' | 'total') => [...files.values()].reduce((bytes, file) => bytes + (file[key] ?? 0), 0);
  model.textContent = `loading, ${Math.round((100 * sum('loaded')) / Math.max(1, sum('total')))}%`;
}

export function showEngine(name: string, { device: where, threads, notes }: RecognizerInfo): void {
  showModel(name, 0);
  const parts = [where === 'webgpu' ? 'WebGPU' : 'WebAssembly'];
  if (threads) parts.push(threads === 1 ? 'one thread' : `${threads} threads`);
  device.textContent = parts.join(', ');
  device.title = notes.join('\n');
}

/** Its name, and of how many digits it was taught. */
export function showModel(name: string, taught: number): void {
  model.textContent = taught === 0 ? name : `${name}, taught ${taught} digit${taught === 1 ? '' : 's'}`;
}
