export * from './choose.js';
export type { DeviceProbe, DeviceState, Trial, TrialOptions } from './compare.js';
export * from './examine.js';
export * from './made-up-data.js';
