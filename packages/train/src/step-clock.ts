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

/** Times the steps; a pace is told by the median, which start-up and a busy machine disturb least. */
export class StepClock {
  private readonly durations: number[] = [];
  private began = 0;

  constructor(
    private readonly batchSize: number,
    public seconds: number,
  ) {}

  start(): void {
    this.began = performance.now();
  }

  stop(): void {
    const duration = performance.now() - this.began;
    this.durations.push(duration);
    this.seconds += duration / 1000;
  }

  get imagesPerSecond(): number {
    return (this.batchSize / median(this.durations)) * 1000;
  }

  /** Of the last hundred steps, and what the remaining ones will take. */
  pace(remaining: number): { imagesPerSecond: number; eta: number } {
    const recent = median(this.durations.slice(-100));
    return { imagesPerSecond: (this.batchSize / recent) * 1000, eta: (remaining * recent) / 1000 };
  }
}

/** NaN for an empty list. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
