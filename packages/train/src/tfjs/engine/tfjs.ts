/** TensorFlow.js as the engine is handed it: which package it is decides the caller, and how it is loaded. */

import type * as tf from '@tensorflow/tfjs';

export type Tfjs = typeof tf;

/** What of TensorFlow.js an engine needs to be given: the namespace of any of its packages. */
export interface TfjsNamespace {
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  /** Of the backend that is set. */
  backend(): object;
}

/** With its types, which only those need who have the package. */
export const typed = (module: TfjsNamespace): Tfjs => module as Tfjs;
