// Pages without a bundler have nothing else to import these from.
export {
  DenaryError,
  type ErrorCode,
  type Prediction,
  type Reading,
  type Recognizer,
  type RecognizerInfo,
  type TextPrediction,
} from '@denary/core';
export { createSession, type LoadOptions, runtimeVersions, type WebSessionOptions } from './create-session.js';
export type { OnProgress, Progress } from './download.js';
export { modelNames, type Places } from './files.js';
export { decodeImage, type ImageSource, type RawPixels } from './image-source.js';
export * from './recognizer.js';
export { isolatedSessions } from './web-worker.js';
