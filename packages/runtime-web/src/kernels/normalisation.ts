/** Normalisations, which become part of the weights before or behind them. */

/** Values that are `scale` times as large, and `shift` more, channel by channel. */
export interface Affine {
  readonly scale: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
}

/** Makes weights do what a normalisation of their inputs would; `at` gives a weight's output and input. */
export function absorb(
  weights: Float32Array,
  bias: Float32Array,
  by: Affine,
  at: (i: number) => readonly [number, number],
): void {
  const sums = new Float64Array(bias);
  for (let i = 0; i < weights.length; i++) {
    const [output, input] = at(i);
    sums[output]! += weights[i]! * by.shift[input]!;
    weights[i]! *= by.scale[input]!;
  }
  bias.set(sums);
}
