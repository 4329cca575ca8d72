export type { Budget } from './budget.js';
export type { Measures } from './evaluator.js';
export * from './lineage.js';
export type { Accuracies, Outcome, TuningOptions, TuningProgress } from './progress.js';
export * from './replay.js';
export type { Label, Samples, WeightedSamples } from './samples.js';
export * from './strategy.js';
export * from './tuner.js';
