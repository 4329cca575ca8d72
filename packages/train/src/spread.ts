/** A number that was measured several times. */

export interface Spread {
  readonly mean: number;
  /** Of a sample (divided by n - 1); left out where there is one value only. */
  readonly deviation?: number;
}

/** NaN as the mean of nothing. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
