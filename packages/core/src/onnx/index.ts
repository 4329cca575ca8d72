export * from './builder.js';
export * from './decode.js';
export { dtypeOf, elementTypeOf } from './element-types.js';
export * from './encode.js';
export { requireFiniteWeights } from './finite.js';
export * from './metadata.js';
export * from './model.js';
export * from './operators.js';
export { attribute, padsOf } from './shapes.js';
