// Pages without a bundler have nothing else to import these from.
export {
  DenaryError,
  type ErrorCode,
  type ModelStore,
  type Prediction,
  type Reading,
  type Recognizer,
  type RecognizerInfo,
  type Strategy,
  type TextPrediction,
  type Tuner,
  type TuningOptions,
  type TuningProgress,
} from '@denary/core';
export { createSession, type LoadOptions, runtimeVersions, type WebSessionOptions } from './create-session.js';
export type { OnProgress, Progress } from './download.js';
export { type FetchModelOptions, fetchModel, prefetchTuner, recover } from './fetch-model.js';
export { modelNames, type Places } from './files.js';
export { decodeImage, type ImageSource, type RawPixels } from './image-source.js';
export { isolatedSessions } from './isolated-sessions.js';
export { type ModelStoreOptions, openModelStore, type PageModelStore } from './model-store.js';
export * from './recognizer.js';
export { createTuner, type TunerOptions } from './tuner.js';
