/** Time in a training: how long steps take, what is left, and what is due now and then. */

/** A question that is answered yes once in so many milliseconds. */
export function every(milliseconds: number): () => boolean {
  const clock = elapsed();
  return () => {
    if (clock.milliseconds() < milliseconds) return false;
    clock.restart();
    return true;
  };
}

/** A stopwatch. */
export function elapsed() {
  let began = performance.now();
  return {
    milliseconds: () => performance.now() - began,
    restart: () => {
      began = performance.now();
    },
  };
}

/** How many milliseconds a run of several steps may take: progress is shown, and a stop heeded, between two. */
const RUN = 1000;
const MOST = 32;

/** How many steps to do in one run, when one takes so many milliseconds: as many as take a second, but from 1 to 32. */
export const stepsPerRun = (milliseconds: number): number => {
  const fit = Math.floor(RUN / milliseconds);
  return Number.isNaN(fit) ? 1 : Math.min(Math.max(fit, 1), MOST);
};

/** Times the runs of steps; a pace is told by the median, which start-up and a busy machine disturb least. */
export class StepClock {
  /** Milliseconds of a step, one of each run. */
  private readonly durations: number[] = [];
  private began = 0;

  constructor(
    private readonly batchSize: number,
    public seconds: number,
  ) {}

  start(): void {
    this.began = performance.now();
  }

  /** At the end of a run of so many steps. */
  stop(steps: number): void {
    const duration = performance.now() - this.began;
    this.durations.push(duration / steps);
    this.seconds += duration / 1000;
  }

  /** How many steps to do in the next run: one at first. */
  get stepsPerRun(): number {
    return stepsPerRun(this.recent);
  }

  get imagesPerSecond(): number {
    return (this.batchSize / median(this.durations)) * 1000;
  }

  /** Of the last hundred runs. */
  private get recent(): number {
    return median(this.durations.slice(-100));
  }

  /** Of late, and what the remaining steps will take. */
  pace(remaining: number): { imagesPerSecond: number; eta: number } {
    const { recent } = this;
    return { imagesPerSecond: (this.batchSize / recent) * 1000, eta: (remaining * recent) / 1000 };
  }
}

/** NaN for an empty list. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
