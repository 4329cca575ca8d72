export * from './devices.js';
export * from './image-file.js';
export {
  type ByteStream,
  type DecodeOptions,
  type ImageLimits,
  type ImageSource,
  MAX_IMAGE_BYTES,
  type RawPixels,
} from './image-source.js';
export { isolatedSessions } from './isolation/open.js';
export * from './model-files.js';
export * from './recognizer.js';
export * from './session.js';
