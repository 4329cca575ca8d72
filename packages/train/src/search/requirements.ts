/** What is checked of all settings before the first of them is trained, which may be hours before the last. */

import { contractOf, DenaryError } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import { buildModel } from '../forward/build-model.js';
import { resolveSettings } from '../settings.js';
import { badSetting } from './kinds.js';
import type { SearchMetric } from './trial.js';
import type { SettingOverrides } from './with-settings.js';

/** A setting, and the architecture that it makes. */
export interface Candidate {
  readonly setting: SettingOverrides;
  readonly architecture: Architecture;
}

/** Throws `bad-argument` where there is nothing to compare, or where losses are to be compared that are of several kinds. */
export function requireComparable(candidates: readonly Candidate[], metric: SearchMetric): void {
  if (candidates.length === 0)
    throw badSetting('search', 'at least one setting', 'none', 'Make them with planSettings.');
  const kinds = new Set(candidates.map(({ architecture }) => architecture.training.loss));
  if (metric === 'loss' && kinds.size > 1) {
    throw badSetting('search', 'one loss to choose by', [...kinds].join(', '), 'Choose by accuracy.');
  }
}

/** Throws `bad-argument` for a setting that cannot be trained, or that changes what the model gives. */
export function requireTrainable(candidates: readonly Candidate[]): void {
  const seen = new Set<string>();
  for (const { setting, architecture } of candidates) {
    const { keep, validationSplit } = resolveSettings(architecture, {});
    if (keep === 'best' && validationSplit === undefined) {
      throw badSetting('setting "keep"', 'a validationSplit to tell the best epoch by', 'none', 'For example: 0.1');
    }
    const layers = JSON.stringify(architecture.layers);
    if (seen.has(layers)) continue;
    seen.add(layers);
    const { classes, slots } = outputsOf(architecture, setting);
    if (classes === architecture.classes && slots === (architecture.slots ?? 1)) continue;
    const expected = `a model with ${architecture.slots ?? 1} label(s) of ${architecture.classes} classes`;
    const remedy = 'Leave the last layer as it is.';
    throw badSetting(`setting ${JSON.stringify(setting)}`, expected, `${slots} of ${classes}`, remedy);
  }
}

function outputsOf(architecture: Architecture, setting: Candidate['setting']) {
  try {
    return contractOf(buildModel(architecture).model);
  } catch (error) {
    if (!(error instanceof DenaryError)) throw error;
    const { expected, received, remedy } = error;
    const who = `setting ${JSON.stringify(setting)}: ${error.who}`;
    throw new DenaryError({ code: 'bad-argument', who, expected, received, remedy, cause: error });
  }
}
