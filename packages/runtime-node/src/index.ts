export * from './devices.js';
export * from './diagnosis.js';
export * from './image-file.js';
export { isolatedSessions } from './isolation/open.js';
export { describeMachine, type Machine, runtimeVersions, thisMachine } from './machine.js';
export * from './model-files.js';
export * from './recognizer.js';
export * from './session.js';
export * from './trial.js';
