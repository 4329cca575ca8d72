export { createSession, type LoadOptions, runtimeVersions, type WebSessionOptions } from './create-session.js';
export type { OnProgress, Progress } from './download.js';
export { modelNames, type Places } from './files.js';
export { decodeImage, type ImageSource, type RawPixels } from './image-source.js';
export * from './recognizer.js';
export { isolatedSessions } from './web-worker.js';
