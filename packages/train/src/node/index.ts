/** The part of @denary/train that needs files: the cache, and data sets by name. */

export { cacheDirectory, writeAtomically } from './cache.js';
export { readCheckpoint, writeCheckpoint } from './checkpoint-file.js';
export { convertFile } from './convert-file.js';
export { type DatasetOptions, type DatasetStatus, datasetStatus, loadDataset } from './datasets.js';
export { withFilesBeside } from './external-data.js';
export { findLabelledImages } from './labelled-images.js';
export { type LoadedTfjs, type LoadTfjsOptions, loadTfjs } from './load-tfjs.js';
export { encodeModelFiles, type TrainedModel, writeModelFolder } from './model-folder.js';
export { type QuantizedFolder, writeQuantizedFolder } from './quantized-folder.js';
export { readSearch, writeSearch } from './search-file.js';
export type { DatasetName, Split } from './sources.js';
export { tfjsFolder } from './tfjs-folder.js';
export { type TrainingFolder, writeTrainingFolder } from './training-folder.js';
export { type TunedFolder, writeTunedFolder } from './tuned-folder.js';
