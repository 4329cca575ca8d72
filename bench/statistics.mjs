/** Medians, spreads and ratios of what was measured. */

export const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** A cell of a contest as images a second: the median of the rounds' median steps, and their range. */
export function summarize({ who, batch, results, error }) {
  if (results.length === 0) return { who, batch, error };
  const speeds = results.map(({ milliseconds }) => (batch / milliseconds) * 1000);
  return {
    who,
    batch,
    imagesPerSecond: median(speeds),
    range: [Math.min(...speeds), Math.max(...speeds)],
    rounds: speeds,
    milliseconds: median(results.map(({ milliseconds }) => milliseconds)),
    p99: median(results.map(({ p99 }) => p99)),
    peakMegabytes: median(results.map(({ peakMegabytes }) => peakMegabytes)),
    steps: results.reduce((sum, { steps }) => sum + steps, 0),
  };
}

/** Each aim with the ratio that was measured; those of which a side is missing have none. */
export const judge = (aims, results) =>
  aims.map((aim) => {
    const cells = results[aim.task].find(({ system }) => system === aim.system)?.cells ?? [];
    const speedOf = (who) => cells.find((cell) => cell.who === who && cell.batch === aim.batch)?.imagesPerSecond;
    const peers = aim.peers.map(speedOf).filter((speed) => speed !== undefined);
    const ours = speedOf(aim.ours);
    if (ours === undefined || peers.length === 0) return aim;
    const ratio = ours / Math.max(...peers);
    return { ...aim, ratio, holds: ratio >= aim.least };
  });
