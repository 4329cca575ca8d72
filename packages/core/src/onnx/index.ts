export * from './builder.js';
export { decodeModel } from './decode.js';
export { dtypeOf, elementTypeOf } from './element-types.js';
export * from './encode.js';
export * from './metadata.js';
export * from './model.js';
export * from './operators.js';
export * from './rewrite.js';
export { attribute, joined, padsOf, productOf } from './shapes.js';
