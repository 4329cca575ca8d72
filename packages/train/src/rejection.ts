/** How well a score tells digits from everything else. */

/**
 * The area under the receiver operating characteristic: the chance that an outsider has a higher score than a digit, ties
 * counted half (Hanley and McNeil, 1982). NaN where either is missing.
 */
export function areaUnderRoc(digits: ArrayLike<number>, outsiders: ArrayLike<number>): number {
  const all = [
    ...Array.from(digits, (score) => ({ score, outsider: false })),
    ...Array.from(outsiders, (score) => ({ score, outsider: true })),
  ].sort((a, b) => a.score - b.score);
  let [below, wins] = [0, 0];
  for (let start = 0; start < all.length; ) {
    let end = start;
    let own = 0;
    while (end < all.length && all[end]!.score === all[start]!.score) if (all[end++]!.outsider) own++;
    const others = end - start - own;
    wins += own * (below + others / 2);
    below += others;
    start = end;
  }
  return wins / (digits.length * outsiders.length);
}
