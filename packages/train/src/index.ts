export {
  type Augmentation,
  type AugmentJob,
  type AugmentOptions,
  augment,
  hash32,
  normal,
  permutation,
  stream,
  uniform,
} from '@denary/core';
export * from './architectures/architecture.js';
export * from './architectures/catalogue.js';
export * from './architectures/layers.js';
export * from './architectures/summary.js';
export { differentiate } from './autodiff/differentiate.js';
export * from './batches.js';
export * from './build-training.js';
export * from './calibrate.js';
export * from './calibrate-model.js';
export * from './checkpoint.js';
export * from './core-set.js';
export * from './data/csv.js';
export * from './data/dataset.js';
export * from './data/hold-out.js';
export * from './data/idx.js';
export * from './data/letters.js';
export * from './data/outsiders.js';
export * from './data/pairs.js';
export { BLANK, makeStrings, type StringsOptions } from './data/strings.js';
export * from './devices/index.js';
export * from './domain.js';
export { type EngineWork, type Stepper, startTrainingGraph, type TrainingEngine } from './engine.js';
export * from './evaluate.js';
export * from './fine-tune.js';
export * from './fit.js';
export { type ImageFormat, type ImageOptions, type Layout, layouts } from './foreign/image-format.js';
export * from './foreign/wrap-classifier.js';
export * from './forward/build-model.js';
export * from './history.js';
export { type Target, targetOf } from './lowering/target.js';
export * from './measure-rejection.js';
export { type LossName, losses } from './objective/losses.js';
export { learningRateOf, type OptimizerName, type OptimizerSpec, optimizers } from './objective/optimizers.js';
export { foldConstants } from './passes/fold-constants.js';
export { forMachine } from './passes/for-machine.js';
export * from './prepare.js';
export * from './quantize/quantize-model.js';
export * from './rejection.js';
export { type FeatureOptions, type Features, featuresOf } from './report/features.js';
export * from './report/gallery.js';
export { predictionsCsv } from './report/predictions-csv.js';
export * from './reproduction/index.js';
export * from './schedules.js';
export * from './search/index.js';
export { type ResolvedSettings, resolveSettings } from './settings.js';
export * from './spread.js';
export { stepsPerRun } from './step-clock.js';
export * from './trainable.js';
export * from './training-graph.js';
export * from './tuning-files.js';
