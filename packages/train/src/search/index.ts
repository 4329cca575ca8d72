/** Cross-validation and the search for good settings. */

export * from './cross-validate.js';
export * from './folds.js';
export type { SettingValue } from './kinds.js';
export * from './parse.js';
export * from './record.js';
export * from './search.js';
export * from './space.js';
export { bestOf, rank, type SearchMetric, type TrialResult } from './trial.js';
export * from './with-settings.js';
