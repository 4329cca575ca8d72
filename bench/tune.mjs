/**
 * Measures fine-tuning on personas: what a few corrections do for their digits and to all others, against fine-tuning without
 * rehearsal and k nearest neighbours, and how long it takes. `npm run bench:tune` writes docs/tuning.json after each trial,
 * goes on where it was stopped, and makes docs/tuning.md of it; `-- --help` tells how to run a part.
 */

import { parseArgs } from 'node:util';
import { measureAccuracy } from './tuning/accuracy.mjs';
import { Record } from './tuning/record.mjs';
import { report } from './tuning/report.mjs';
import { measureSingles } from './tuning/singles.mjs';
import { measureTimes } from './tuning/times.mjs';
import { twinOf } from './tuning/twins.mjs';

const help = `npm run bench:tune [-- OPTIONS]

  --only LIST    of models: cnn, cnn-pool4, mlp (default all), and of parts: accuracy, singles, times (default all)
  --each LIST    corrections a digit: 1, 5, 10, 50 (default all)
  --ways LIST    with commas: auto, no replay, k-NN, no imitation (default all)
  --personas LIST  by name, with commas (default all)
  --quick        fewer digits, personas and trials, into out/tuning-quick.json: whether it works, not how well
  --twins        what strategies are chosen by: twins of the models (npm run models -- --calibrate), and training digits that
                 they have not seen, into out/tuning-twins.json
  --strategy J   with --twins: fields of the strategy that are other than its own, as JSON; --label keeps such trials apart
  --label NAME   in out/tuning-NAME.json
  --again        measures anew what docs/tuning.json has of the chosen parts
  --report       measures nothing, and writes docs/tuning.md from docs/tuning.json`;

const models = ['cnn', 'cnn-pool4', 'mlp'];
const parts = { accuracy: measureAccuracy, singles: measureSingles, times: measureTimes };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    each: { type: 'string', default: '' },
    ways: { type: 'string', default: '' },
    personas: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    twins: { type: 'boolean', default: false },
    strategy: { type: 'string' },
    label: { type: 'string' },
    again: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const listed = (text) => text.split(',').filter(Boolean);
const only = listed(values.only);
/** Whether that one is asked for. */
const wanted = (option) => (value) => {
  const list = listed(values[option]);
  return list.length === 0 || list.includes(`${value}`);
};
const part = { each: wanted('each'), ways: wanted('ways'), personas: wanted('personas') };
const unknown = only.find((name) => !models.includes(name) && !(name in parts));
if (unknown) {
  console.error(`--only: expected ${[...models, ...Object.keys(parts)].join(', ')}, received ${unknown}.\n\n${help}`);
  process.exit(2);
}
const among = (names) =>
  names.some((name) => only.includes(name)) ? names.filter((name) => only.includes(name)) : names;

const { quick, twins } = values;
const changes = values.strategy && JSON.parse(values.strategy);
if (changes && !twins) {
  console.error(`--strategy: what is published is what is shipped; add --twins.\n\n${help}`);
  process.exit(2);
}
const label = values.label ?? (twins ? 'twins' : quick ? 'quick' : undefined);
const record = await Record.open({ label });
if (!values.report) {
  for (const name of among(Object.keys(parts))) {
    for (const model of among(models)) {
      if (values.again) record.forget(name, model);
      const path = twins ? await twinOf(model) : model;
      await parts[name]({ model, path, record, quick, twins, part, changes });
    }
  }
}
await report(record);
