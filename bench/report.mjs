/** docs/benchmarks.md from what was measured. */

const count = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US'));
const time = (value) => value.toFixed(value < 10 ? 2 : 0);

/** Rows of cells as a table in Markdown, the first row its head. */
export const table = ([head, ...rows]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const speed = ({ imagesPerSecond, range: [low, high] }) => `${count(imagesPerSecond)} (${count(low)}-${count(high)})`;

/** Failures as footnotes: the error of a peer once, under the table that it is missing from. */
function footnotes() {
  const notes = [];
  const mark = (error) => {
    if (!notes.includes(error)) notes.push(error);
    return `- [${notes.indexOf(error) + 1}]`;
  };
  const text = () => notes.map((note, i) => `${i === 0 ? '\n\n' : ''}[${i + 1}]: \`${note.replaceAll('`', "'")}\`  `).join('\n');
  return { mark, text };
}

/** Contestants down, batch sizes across: images a second, and how many times that ours are faster. */
function speeds({ system, batches, cells }) {
  const notes = footnotes();
  const names = [...new Set(cells.map(({ who }) => who))];
  const find = (who, batch) => cells.find((cell) => cell.who === who && cell.batch === batch);
  const against = ours(names);
  const ratio = (who, batch) => {
    const [own, theirs] = [find(against(who), batch), find(who, batch)];
    return own === theirs || !own?.imagesPerSecond || !theirs?.imagesPerSecond
      ? ''
      : (own.imagesPerSecond / theirs.imagesPerSecond).toFixed(2);
  };
  const value = (cell) => (!cell ? '' : cell.error ? notes.mark(cell.error) : speed(cell));
  const head = ['`' + system + '`', ...batches.flatMap((batch) => [`batch ${batch}`, 'ratio'])];
  const rows = names.map((who) => [who, ...batches.flatMap((batch) => [value(find(who, batch)), ratio(who, batch)])]);
  return table([head, ...rows]) + notes.text();
}

/** Whom a contestant is compared with: WASM and JavaScript with denary's WASM on as many threads, the others with native. */
const ours = (names) => (who) => {
  const threads = who.match(/, \d threads?$/)?.[0];
  const own = threads ? `denary WASM${threads}` : 'denary';
  return names.includes(own) ? own : undefined;
};

const latency = ({ cells }) => cells.filter(({ batch, error }) => batch === 1 && !error);

function latencies(works) {
  const names = [...new Set(works.flatMap((work) => latency(work).map(({ who }) => who)))];
  const cellOf = (work, who) => latency(work).find((cell) => cell.who === who);
  const head = ['milliseconds', ...works.flatMap(({ system }) => [`\`${system}\` p50`, 'p99'])];
  const pair = (cell) => (cell ? [time(cell.milliseconds), time(cell.p99)] : ['', '']);
  return table([head, ...names.map((who) => [who, ...works.flatMap((work) => pair(cellOf(work, who)))])]);
}

function aimRows(aims) {
  const name = ({ system, batch, ours, peers }) =>
    `\`${system}\`, batch ${batch}: ${ours} against ${peers.length > 1 ? `the better of ${peers.join(' and ')}` : peers[0]}`;
  const verdict = ({ ratio, holds }) => (ratio === undefined ? 'not measured' : holds ? 'holds' : '**does not hold**');
  return aims.map((aim) => [
    name(aim),
    `${aim.least}${aim.wish ? ` (aim ${aim.wish})` : ''}`,
    aim.ratio?.toFixed(2) ?? '',
    verdict(aim),
  ]);
}

function memoryRow(memory) {
  const find = (who) => memory.find((cell) => cell.who === who)?.peakMegabytes;
  const [own, peer] = [find('denary'), Math.min(...['PyTorch eager', 'PyTorch compile'].map((who) => find(who) ?? Infinity))];
  if (!own || peer === Infinity) return [];
  return [
    ['`cnn`, batch 128: peak memory, denary over PyTorch', 'at most 1', (own / peer).toFixed(2), own <= peer ? 'holds' : '**does not hold**'],
  ];
}

/** Where a peer is faster, worst first. */
function losses(works) {
  const rows = works.flatMap(({ task, system, cells }) => {
    const against = ours(cells.map(({ who }) => who));
    const find = (who, batch) => cells.find((cell) => cell.who === who && cell.batch === batch && !cell.error);
    return cells.flatMap((cell) => {
      const own = find(against(cell.who), cell.batch);
      if (!own || cell.error || own === cell) return [];
      return [{ task, system, cell, own, ratio: own.imagesPerSecond / cell.imagesPerSecond }];
    });
  });
  return rows
    .filter(({ ratio }) => ratio < 1)
    .sort((a, b) => a.ratio - b.ratio)
    .map(({ task, system, cell, own, ratio }) => [task, `\`${system}\``, `${cell.batch}`, own.who, cell.who, ratio.toFixed(2)]);
}

/** The parts that were not measured are left out. */
export function markdown({ command, machine, versions, rounds, training, inference, memory, aims, augmented, prediction }) {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const lost = losses([...training, ...inference]);
  const part = (title, text, show = true) => (show ? `## ${title}\n${text}\n` : undefined);
  return [
    `# Benchmarks

Made by \`${command}\` on ${machine.cpu}, ${machine.threads} threads of ${machine.cores} cores, ${machine.memory}, ${machine.system}; no GPU used.
${named.join(', ')}.

Every contestant is a process of its own; in a round all of them have their turn on one system, ${rounds} round(s). A number is images a
second: the median of the rounds' median steps, and the range of those. The ratio is how many times as fast denary is: above 1
it is ahead, below 1 it is behind. WASM and pure JavaScript run in Node and are compared with denary on WASM with as many threads,
the others with denary on its native runtime. A peer that cannot do a piece of work, or not in the time given, is listed with its error.
`,
    part(
      'Aims',
      table([['in training', 'at least', 'measured', ''], ...aimRows(aims), ...memoryRow(memory)]),
      training.length > 0,
    ),
    part(
      'Where denary is behind',
      lost.length > 0
        ? table([['task', 'system', 'batch', 'denary', 'peer', 'ratio'], ...lost])
        : 'Nowhere in this run.',
    ),
    part(
      'Training, images a second',
      `Batch preparation from uint8 pixels in a shuffled order, dropout, the system's own loss and optimizer, and reading the loss
are included. PyTorch's and Keras' steps are compiled for each batch size before they are measured.

${training.map(speeds).join('\n\n')}`,
      training.length > 0,
    ),
    part(
      'Peak memory of training `cnn`, batch 128',
      `Of the whole process, with 60,000 images of raw data in it.\n\n${table([['', 'MB'], ...memory.map(({ who, peakMegabytes, error }) => [who, error ?? count(peakMegabytes)])])}`,
      memory.length > 0,
    ),
    part(
      'Training `cnn` with augmentation, images a second',
      `The images are changed on the thread that steps the training graph, between two steps.\n\n${augmented && augmentedTable(augmented)}`,
      augmented,
    ),
    part(
      'Inference, one image',
      `From raw pixels to probabilities. denary is \`recognizer.predict\` in its worker thread (on WASM: on the calling thread).\n\n${latencies(inference)}`,
      inference.length > 0,
    ),
    part(
      'Inference, images a second',
      inference.map((work) => speeds({ ...work, batches: work.batches.filter((batch) => batch > 1), cells: work.cells.filter(({ batch }) => batch > 1) })).join('\n\n'),
      inference.length > 0,
    ),
    part(
      'Prediction with `cnn`, images a second',
      `10,000 raw images in batches of ${prediction?.batch}. Bare is a loop over \`session.run\` of onnxruntime-node on the same batches.\n\n${prediction && predictionTable(prediction)}`,
      prediction,
    ),
  ]
    .filter(Boolean)
    .join('\n');
}

function augmentedTable(cells) {
  const [none] = cells;
  const ratio = (cell) => (cell.imagesPerSecond / none.imagesPerSecond).toFixed(2);
  return table([['changes', 'images/s', 'ratio'], ...cells.map((cell) => [cell.who, cell.error ?? speed(cell), cell.error ? '' : ratio(cell)])]);
}

function predictionTable({ imagesPerSecond: { bare, predict, normalise } }) {
  const head = ['bare onnxruntime-node', "`predict`, `preprocess: 'none'`", 'ratio', '`predict` with normalisation', 'ratio'];
  return table([head, [count(bare), count(predict), (predict / bare).toFixed(2), count(normalise), (normalise / bare).toFixed(2)]]);
}
