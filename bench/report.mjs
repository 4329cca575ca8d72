/** docs/benchmarks.md from what was measured; parts that were not measured are left out. */

import * as tables from './tables.mjs';

export function markdown(measured) {
  const { training, inference, browser, memory, augmented, prediction } = measured;
  const parts = [
    heading(measured),
    [...training, ...browser].length > 0 && section('Aims', tables.aims(measured.aims, memory)),
    section('Where denary is behind', tables.losses([...training, ...inference, ...browser])),
    training.length > 0 &&
      section(
        'Training, images a second',
        `Batch preparation from uint8 pixels in a shuffled order, dropout, the system's own loss and optimizer, and reading the
loss are included. What compiles (PyTorch compile, Keras, jax-js) is compiled for each batch size before it is measured. jax-js
has no package of optimizers on the registry; they are written in its own operators, as are its layers.`,
        ...training.map(tables.speeds),
      ),
    memory.length > 0 &&
      section(
        'Peak resident memory of training `cnn`, batch 128',
        'Of the whole process, 60,000 raw images of 28x28 included.',
        tables.memories(memory),
      ),
    augmented &&
      section(
        'Training `cnn` with augmentation, images a second',
        'The images are changed on the thread that steps the training graph, between two steps.',
        tables.augmentations(augmented),
      ),
    inference.length > 0 &&
      section(
        'Inference of one image, milliseconds',
        `From raw pixels to probabilities. denary is \`recognizer.predict\` with \`preprocess: 'none'\`, the model in its worker
thread (on WASM on the calling thread); bare runtimes are a \`session.run\`.`,
        tables.latencies(inference),
      ),
    inference.length > 0 && section('Inference, images a second', ...inference.map(severalImages)),
    browser.length > 0 &&
      section(
        'Inference in Chromium, images a second',
        `From raw pixels to probabilities, in a page that is cross-origin isolated, with ${measured.machine.threads} threads and SIMD each. denary is
\`recognizer.predict\` on an array of images with \`preprocess: 'none'\`, the model in its Web Worker; the others run in the page.
V8 runs WASM through its fast compiler first and some seconds later through its optimizing one: each contestant warms up for
5 s at every batch size, without flags of the browser.`,
        ...browser.map(tables.speeds),
      ),
    prediction &&
      section(
        'Prediction with `cnn`, images a second',
        `10,000 raw images in batches of ${prediction.batch}. Bare is a loop over \`session.run\` of onnxruntime-node on the same batches.`,
        tables.prediction(prediction),
      ),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

const section = (title, ...paragraphs) => `## ${title}\n${paragraphs.join('\n\n')}`;

/** One image is a latency, and has its own table. */
function severalImages({ system, batches, cells }) {
  return tables.speeds({ system, batches: batches.filter((batch) => batch > 1), cells });
}

const heading = ({ command, machine, versions, rounds }) => `# Benchmarks

Made by \`${command}\` on ${machine.cpu}, ${machine.threads} threads of ${machine.cores} cores, ${machine.memory}, ${machine.system}; no GPU is used.
${Object.entries(versions)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')}.

Every contestant is a process of its own; in a round all have their turn on a system, one after the other. The number is the
median of the rounds' median steps in images a second, with their range (${rounds} round${rounds > 1 ? 's' : ''}; one round only in pure JavaScript and where a
step takes more than 5 s). The ratio is denary's number over the contestant's: above 1 denary is ahead, below 1 it is behind. WASM and pure
JavaScript run in Node (WASM with \`--no-liftoff\`: compiled by V8's optimizing compiler from the start, not after some seconds)
and are compared with denary on WASM with as many threads, the others with denary's native runtime.
A peer that cannot do a piece of work, or not within its time, is listed with its error.`;
