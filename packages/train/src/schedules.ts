/** Learning-rate schedules: what the rate is multiplied by at each step, by the names the field knows. */

export type Schedule = { readonly warmup?: number } & (
  | { readonly name: 'constant' }
  /** Times `factor` (default 0.1) after every `every` part of the training, 0 to 1 (default 1/3). */
  | { readonly name: 'step'; readonly every?: number; readonly factor?: number }
  /** Falls evenly in its logarithm to `end` (default 0.01). */
  | { readonly name: 'exponential'; readonly end?: number }
  /** Half a cosine from 1 to `end` (default 0): Loshchilov and Hutter, 2017, without restarts. */
  | { readonly name: 'cosine'; readonly end?: number }
  /** Up from 1/25 and down to 1/25e4 along cosines, the top at `peak` (default 0.3): Smith and Topin, 2018. */
  | { readonly name: 'one-cycle'; readonly peak?: number }
  /** Divided by 1 + `decay` times the epochs done: Keras' InverseTimeDecay, in stairs. */
  | { readonly name: 'inverse-time'; readonly decay: number }
);
export type ScheduleName = Schedule['name'];

/** Where a training stands. */
export interface Position {
  /** Steps done, of `steps` in all. */
  readonly step: number;
  readonly steps: number;
  /** Epochs done. */
  readonly epoch: number;
}

/** From `a` to `b` along half a cosine, as `t` goes from 0 to 1. */
const along = (a: number, b: number, t: number): number => b + ((a - b) * (1 + Math.cos(Math.PI * t))) / 2;

/**
 * The factor of the step that comes next. `warmup` is the part of the training (0 to 1, default 0) in which the factor rises
 * evenly from 0 to the schedule's own.
 */
export function scheduled(schedule: Schedule, { step, steps, epoch }: Position): number {
  const { warmup = 0 } = schedule;
  const t = step / steps;
  const rise = t < warmup ? (step + 1) / (warmup * steps + 1) : 1;
  switch (schedule.name) {
    case 'constant':
      return rise;
    case 'step':
      return rise * (schedule.factor ?? 0.1) ** Math.floor(t / (schedule.every ?? 1 / 3) + 1e-9);
    case 'inverse-time':
      return rise / (1 + schedule.decay * epoch);
    case 'exponential':
      return rise * (schedule.end ?? 0.01) ** t;
    case 'cosine':
      return rise * along(1, schedule.end ?? 0, t);
    case 'one-cycle': {
      const { peak = 0.3 } = schedule;
      return rise * (t < peak ? along(1 / 25, 1, t / peak) : along(1, 1 / 25e4, (t - peak) / (1 - peak)));
    }
  }
}
