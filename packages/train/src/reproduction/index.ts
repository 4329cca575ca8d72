/** Every system side by side with what was reported of it. */
export { type Entry, entries, quick, type Reported } from './entries.js';
export { formatReproduction, type ReproductionRow, type Run, reproductionRow } from './table.js';
