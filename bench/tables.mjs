/** The tables of docs/benchmarks.md, in Markdown. */

const count = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US'));
const milliseconds = (value) => value.toFixed(value < 10 ? 2 : 0);
const speed = ({ imagesPerSecond, range: [low, high] }) => `${count(imagesPerSecond)} (${count(low)}-${count(high)})`;
const ratioOf = (own, other) => (own.imagesPerSecond / other.imagesPerSecond).toFixed(2);
const unique = (values) => [...new Set(values)];
const finder = (cells) => (who, batch) => cells.find((cell) => cell.who === who && cell.batch === batch);

export function table([head, ...rows]) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Whom a contestant is compared with: those that name their threads with denary's WASM on as many, the rest with native. */
const ourNameFor = (who) => `denary${who.match(/, \d threads?$/)?.[0].replace(/^/, ' WASM') ?? ''}`;

/** Contestants down, batch sizes across. What failed has a number, and its error stands below. */
export function speeds({ system, batches, cells }) {
  const find = finder(cells);
  const errors = [];
  const numberOf = (error) => (errors.includes(error) ? errors.indexOf(error) + 1 : errors.push(error));
  const pair = (who, batch) => {
    const [cell, own] = [find(who, batch), find(ourNameFor(who), batch)];
    if (!cell) return ['', ''];
    if (cell.error) return [`error ${numberOf(cell.error)}`, ''];
    return [speed(cell), own && own !== cell && !own.error ? ratioOf(own, cell) : ''];
  };
  const head = [`\`${system}\``, ...batches.flatMap((batch) => [`batch ${batch}`, 'ratio'])];
  const rows = unique(cells.map(({ who }) => who)).map((who) => [who, ...batches.flatMap((batch) => pair(who, batch))]);
  const notes = errors.map((error, i) => `\nError ${i + 1}: \`${error.replaceAll('`', "'")}\``);
  return [table([head, ...rows]), ...notes].join('\n');
}

/** p50 and p99 of one image, contestants down, systems across. */
export function latencies(works) {
  const names = unique(works.flatMap(({ cells }) => cells.map(({ who }) => who)));
  const pair = ({ cells }, who) => {
    const cell = finder(cells)(who, 1);
    return cell && !cell.error ? [milliseconds(cell.milliseconds), milliseconds(cell.p99)] : ['', ''];
  };
  const head = ['milliseconds', ...works.flatMap(({ system }) => [`\`${system}\` p50`, 'p99'])];
  return table([head, ...names.map((who) => [who, ...works.flatMap((work) => pair(work, who))])]);
}

/** Where a peer is faster, worst first. */
export function losses(works) {
  const rows = works.flatMap(({ task, system, cells }) =>
    cells.flatMap((cell) => {
      const own = finder(cells)(ourNameFor(cell.who), cell.batch);
      if (!own || own.error || cell.error || own.imagesPerSecond >= cell.imagesPerSecond) return [];
      return [[task, `\`${system}\``, cell.batch, own.who, cell.who, ratioOf(own, cell)]];
    }),
  );
  if (rows.length === 0) return 'Nowhere in this run.';
  const sorted = rows.sort((a, b) => a.at(-1) - b.at(-1));
  return table([['task', 'system', 'batch', 'denary', 'peer', 'ratio'], ...sorted]);
}

export function aims(judged, memory) {
  const rows = judged.map(({ task, system, batch, ours, peers, least, wish, ratio, holds }) => [
    `${task === 'browser' ? 'In Chromium, ' : ''}\`${system}\`, batch ${batch}: ${ours} over ${peers.length > 1 ? 'the better of ' : ''}${peers.join(' and ')}`,
    wish ? `at least ${least}, better ${wish}` : `at least ${least}`,
    ratio?.toFixed(2) ?? '',
    verdict(ratio, holds),
  ]);
  const of = (start) => memory.filter(({ who, error }) => who.startsWith(start) && !error).map((c) => c.peakMegabytes);
  const ratio = Math.min(...of('denary')) / Math.min(...of('PyTorch'));
  const measured = ratio > 0 && ratio < Infinity;
  rows.push([
    'Peak memory of training `cnn`: denary over the smaller PyTorch',
    'at most 1',
    measured ? ratio.toFixed(2) : '',
    verdict(measured ? ratio : undefined, ratio <= 1),
  ]);
  return table([['ratio', 'aim', 'measured', ''], ...rows]);
}

const verdict = (ratio, holds) => (ratio === undefined ? 'not measured' : holds ? 'holds' : '**does not hold**');

export function memories(cells) {
  return table([['', 'MB'], ...cells.map(({ who, peakMegabytes, error }) => [who, error ?? count(peakMegabytes)])]);
}

export function augmentations(cells) {
  const [none] = cells;
  const row = (cell) => (cell.error ? [cell.error, ''] : [speed(cell), none.error ? '' : ratioOf(cell, none)]);
  return table([['changes', 'images/s', 'ratio'], ...cells.map((cell) => [cell.who, ...row(cell)])]);
}

export function prediction({ imagesPerSecond: { bare, predict, normalise } }) {
  const head = ['bare onnxruntime-node', "`predict`, `preprocess: 'none'`", 'ratio', '`predict` with normalisation'];
  const ratio = (value) => (value / bare).toFixed(2);
  const row = [count(bare), count(predict), ratio(predict), count(normalise), ratio(normalise)];
  return table([[...head, 'ratio'], row]);
}
