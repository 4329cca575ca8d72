export * from './builder.js';
export * from './codec.js';
export * from './model.js';
export * from './operators.js';
export { attribute, padsOf } from './shapes.js';
