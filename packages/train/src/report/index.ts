/** Reports about trainings and evaluations. On its own, so that a training does not carry a plotting library along. */

export type { TrainingLog } from './curves.js';
export { createReport, type Report, type ReportOptions } from './report.js';
export type { Test } from './test-part.js';
