/** docs/tuning.md, from what was measured. */

import { readFile, writeFile } from 'node:fs/promises';
import { counts } from './accuracy.mjs';

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}`;
const signed = (share) => `${share > 0 ? '+' : ''}${percent(share, 2)}`;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** A persona counts where the model reads less than this of its held-out digits before. */
const HARD = 0.97;
const ways = ['auto', 'no replay', 'k-NN', 'no imitation'];

export async function report(record) {
  const models = [...new Set(record.rows.map(({ model }) => model))];
  const sections = models.map((model) => section(record, model)).filter(Boolean);
  if (sections.length === 0) return;
  await writeFile(record.page, `${await introduction(record)}\n${sections.join('\n')}`);
  console.log(`Wrote ${record.page}.`);
}

async function introduction(record) {
  const { machine } = JSON.parse(await readFile(record.path, 'utf8'));
  return `# Fine-tuning on personas

Made by \`npm run bench:tune\` (${machine}); docs/tuning.json has every trial. A persona writes MNIST's test digits in a hand of its
own (\`bench/personas\`): a fixed, seeded half of them is there to correct from, the other half is held out. Optdigits, an
unseen population, is corrected from on its first 1,347 rows and held out on the other 450, enlarged from 8x8 and
normalised. MNIST is all 10,000 test digits as they are. Accuracies in percent, changes in points.

\`auto\` is what \`createTuner\` does by itself. *No replay*: all weights, with the same optimizer, steps, batches and augmentation, but
nothing rehearsed. *k-NN*: the five nearest of corrections and core set by the model's features. *No imitation*: \`auto\` without
the core set in the user's hand, which a pen and an affine map describe: it helps most where the persona is made in just that
way (slant, tiny, mirrored, thick), as people's own hands are only in part.

Strategies, their rates, steps and margins were chosen on training digits that twins of the models, trained on the other nine tenths, had not
seen, in hands of the same kinds with other seeds, and on optdigits' training rows (\`npm run bench:tune -- --twins\`); the twins that margins were chosen on were trained
more briefly. *No replay*, which takes longest, is measured at 10 corrections a digit, of \`cnn\` also at 50; *no imitation* at 10. Another
dash, or a model or persona that is missing, was not measured since the strategies last changed.
`;
}

function section(record, model) {
  const rows = record.find({ part: 'accuracy', model });
  const parts = [
    rows.length > 0 && accuracies(rows),
    singles(record.find({ part: 'singles', model })),
    times(record.find({ part: 'times', model })),
  ].filter(Boolean);
  return parts.length > 0 && `\n## \`${model}\`\n\n${parts.join('\n\n')}\n`;
}

function accuracies(rows) {
  const before = new Map(rows.filter(({ way }) => way === 'before').map((row) => [row.persona, row]));
  const at = (persona, way, each) =>
    rows.find((row) => row.persona === persona && row.way === way && row.each === each);
  const personas = [...before.keys()];
  const hard = personas.filter((persona) => before.get(persona).held < HARD);
  const cut = (persona, row) => 1 - (1 - row.held) / (1 - before.get(persona).held);
  const fall = (persona, row) => before.get(persona).mnist - row.mnist;
  const summary = ways.flatMap((way) =>
    counts.flatMap((each) => {
      const found = hard.map((persona) => [persona, at(persona, way, each)]).filter(([, row]) => row);
      // A mean over some of them would not be comparable.
      if (found.length < hard.length || found.length === 0) return [];
      const falls = personas.map((persona) => [persona, at(persona, way, each)]).filter(([, row]) => row);
      const values = falls.map(([persona, row]) => fall(persona, row));
      return [
        [
          ...[way, each, `${percent(mean(found.map(([persona, row]) => cut(persona, row))), 0)}%`],
          ...[signed(-mean(values)), signed(-Math.max(...values))],
        ],
      ];
    }),
  );
  const cells = (persona, way) =>
    counts.map((each) => {
      const row = at(persona, way, each);
      return row ? `${percent(row.held)} (${signed(-fall(persona, row))})` : '-';
    });
  const detail = (way) =>
    `### ${way === 'auto' ? '`auto`' : way}: held-out digits (and MNIST)\n\n${table(
      ['persona', 'before', ...counts.map((each) => `${each} a digit`)],
      personas.map((persona) => [persona, percent(before.get(persona).held), ...cells(persona, way)]),
    )}`;
  const [{ mnist }] = before.values();
  return [
    `MNIST before: ${percent(mnist, 2)}. Mean part of the held-out error that is gone, over the ${hard.length} personas that start under 97%`,
    `(${hard.join(', ')}), and the change of MNIST's accuracy over all ${personas.length}:\n`,
    table(['way', 'corrections a digit', 'error gone', 'MNIST, mean', 'MNIST, worst'], summary),
    '',
    ...ways.filter((way) => rows.some((row) => row.way === way)).map((way) => `${detail(way)}\n`),
  ].join('\n');
}

function singles(rows) {
  const taught = rows.filter(({ persona }) => persona !== 'none');
  if (taught.length === 0) return undefined;
  const personas = [...new Set(taught.map(({ persona }) => persona))];
  const body = personas.map((persona) => {
    const own = taught.filter((row) => row.persona === persona);
    const worst = (key) => own.reduce((one, other) => (other[key] > one[key] ? other : one));
    const say = (name) => {
      const row = worst(`${name}Fall`);
      return `${signed(-row[`${name}Fall`])} (the ${row[`${name}Digit`]}, by a ${row.digit})`;
    };
    return [persona, signed(mean(own.map(({ gain }) => gain))), say('mnist'), say('held')];
  });
  return `### Five corrections of one digit

Each of the ten digits in turn, from the model as it is shipped: what the digit gains on held-out digits, and the worst that
happens to any other digit, of ten times nine.

${table(['persona', 'gain of the digit, mean', 'worst other, MNIST', 'worst other, held out'], body)}`;
}

function times(rows) {
  if (rows.length === 0) return undefined;
  const kinds = [...new Set(rows.map(({ runtime, threads }) => `${runtime} ${threads}`))];
  const body = kinds.map((kind) => {
    const own = rows.filter(({ runtime, threads }) => `${runtime} ${threads}` === kind);
    const seconds = own.map((row) => row.seconds).sort((a, b) => a - b);
    const [runtime, threads] = kind.split(' ');
    const name = runtime === 'node' ? 'onnxruntime-node' : 'onnxruntime-web, WASM';
    return [
      name,
      threads,
      own[0].steps,
      ...[seconds[seconds.length >> 1], seconds[0], seconds.at(-1)].map((s) => s.toFixed(1)),
    ];
  });
  return `### Seconds

With 10 corrections a digit, from the opening of the tuner to the end of its run, each time in a new process: WASM is compiled, and V8
optimizes it, within that time.

${table(['runtime', 'threads', 'steps', 'median', 'least', 'most'], body)}`;
}
