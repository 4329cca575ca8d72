/** TensorFlow.js in and out: an option that needs its packages only where it is used. */

export * from './engine/index.js';
