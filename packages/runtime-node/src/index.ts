export * from './devices.js';
export * from './image-file.js';
export { isolatedSessions } from './isolation/open.js';
export * from './model-files.js';
export * from './reading-picture.js';
export * from './recognizer.js';
export * from './session.js';
