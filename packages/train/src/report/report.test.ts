import { decodeModel, encodeModel, hash32, type SessionFactory } from '@denary/core';
import { describe, expect, it } from 'vitest';
import type { Architecture } from '../architectures/architecture.js';
import { createDataset, type Dataset } from '../data/dataset.js';
import type { Evaluation } from '../evaluate.js';
import { buildModel } from '../forward/build-model.js';
import type { EpochLog, StepLog } from '../history.js';
import { createReport } from './report.js';
import type { Test } from './test-part.js';

const history: EpochLog[] = [1, 2, 3].map((epoch) => ({
  epoch,
  loss: 1 / epoch,
  accuracy: 1 - 0.3 / epoch,
  validationLoss: 1.1 / epoch,
  validationAccuracy: 1 - 0.4 / epoch,
  seconds: 2,
}));
const steps: StepLog[] = Array.from({ length: 30 }, (_, i) => ({
  step: 10 * (i + 1),
  epoch: (i + 1) / 10,
  loss: 2 / (i + 1),
  accuracy: i / 30,
}));
const training = { history, steps };
const settings = { seed: 7, optimizer: { name: 'Adam', learningRate: 0.001 } };

/** Gives four numbers for each image, in place of the model that it is asked to run. */
function sessions() {
  const asked: string[] = [];
  const createSession: SessionFactory = async (bytes) => {
    const output = decodeModel(bytes).graph.outputs[0]!;
    asked.push(output.name);
    return {
      device: 'cpu',
      inputs: [],
      outputs: [output],
      run: async ({ image }) => {
        const count = image!.shape[0]!;
        const data = Float32Array.from({ length: count * 4 }, (_, i) => hash32(1, i) / 2 ** 32);
        return { [output.name]: { dtype: 'float32', shape: [count, 4], data } };
      },
      writeState: async () => {},
      readState: async () => ({}),
      close: async () => {},
    };
  };
  return { asked, createSession };
}

interface Shape {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly slots: number;
}

/** Every fifth slot is read as the class after the right one. */
function testOf({ height, width, classes, slots }: Shape, createSession = sessions().createSession, count = 24): Test {
  const architecture: Architecture = {
    name: 'tiny',
    description: '',
    input: { image: [height, width], scale: 255, as: 'flat' },
    classes,
    slots,
    layers: [
      { type: 'Dense', units: 4, activation: 'relu' },
      slots > 1 ? { type: 'Heads', count: slots, units: classes } : { type: 'Dense', units: classes },
    ],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'SGD' }, batchSize: 8, epochs: 1 },
  };
  const dataset: Dataset = createDataset({
    name: 'plates & <bowls>',
    images: Uint8Array.from({ length: count * height * width }, (_, i) => hash32(2, i) % 17),
    labels: Uint8Array.from({ length: count * slots }, (_, i) => i % classes),
    height,
    width,
    classes,
    slots,
  });
  const probabilities = new Float32Array(count * slots * classes).fill(0.1 / (classes - 1));
  dataset.labels.forEach((label, i) => {
    probabilities[i * classes + ((label + (i % 5 === 0 ? 1 : 0)) % classes)] = 0.9;
  });
  const evaluation: Evaluation = {
    accuracy: 0.8,
    slotAccuracy: new Array<number>(slots).fill(0.8),
    wholeAccuracy: 0.4,
    loss: 0.5,
    count,
    seconds: 1,
    imagesPerSecond: count,
    probabilities,
  };
  return { model: encodeModel(buildModel(architecture).model), dataset, evaluation, createSession };
}

/** The page less its pixels, in which any letters may follow each other. */
const readable = (html: string) => html.replaceAll(/data:image\/png;base64,[^")]*/g, 'data:image');

const digits: Shape = { height: 8, width: 8, classes: 10, slots: 1 };
const tested = [
  ...['confusion-matrix.svg', 'precision-recall.svg', 'calibration.svg', 'confidences.svg', 'mistakes.png'],
  ...['samples.png', 'weights.svg', 'embedding.svg'],
];
const trained = ['loss-by-epoch.svg', 'accuracy-by-epoch.svg', 'loss-by-step.svg', 'accuracy-by-step.svg'];

describe('createReport', () => {
  it('makes one page with everything inside, and the pictures as files', async () => {
    const { asked, createSession } = sessions();
    const test = testOf(digits, createSession);
    const command = `denary train "a<b" --out 'x&y'`;
    const options = { title: 'mlp <on> "mnist" & more', command, settings, versions: { denary: '1' }, training, test };
    const { html, pictures } = await createReport(options);
    expect([...pictures.keys()]).toEqual([...trained, ...tested]);
    expect(html.match(/<svg /g)).toHaveLength(10);
    expect(html).toContain('<title>mlp &lt;on&gt; &quot;mnist&quot; &amp; more</title>');
    expect(html).toContain('<code>denary train &quot;a&lt;b&quot; --out &#39;x&amp;y&#39;</code>');
    expect(html).toContain('plates &amp; &lt;bowls&gt;');
    expect(html).not.toContain('<bowls>');
    expect(html).toContain('<th scope="row">seed</th><td>7</td>');
    expect(html).toContain('name Adam, learningRate 0.001');
    expect(html).toMatch(/5 of 24 images were misread/);
    expect(html).toContain('the 4 numbers that go into the last layer, dense_1');
    expect(asked).toEqual(['dense/relu']);
    expect(html.length).toBeLessThan(1_500_000);
    expect(await createReport({ ...options, test: testOf(digits) })).toEqual({ html, pictures });
  });

  it('loads nothing from anywhere', async () => {
    const { html, pictures } = await createReport({ title: 't', settings, training, test: testOf(digits) });
    for (const text of [html, ...pictures.values()].filter((content) => typeof content === 'string')) {
      const addresses = readable(text)
        .replaceAll(/ xmlns(:xlink)?="[^"]*"/g, '')
        .match(/https?:[^"\s]*|(src|href)="[^"#]{1,12}/g);
      expect((addresses ?? []).filter((address) => !address.startsWith('href="data:image'))).toEqual([]);
      expect(readable(text)).not.toMatch(/<script|<link|@import|NaN|undefined/);
    }
  });

  it('writes SVG files that stand alone in both themes, and PNG files', async () => {
    const { pictures } = await createReport({ title: 't', settings, test: testOf(digits) });
    for (const [name, content] of pictures) {
      if (typeof content === 'string') {
        expect(content, name).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
        expect(content, name).toContain('prefers-color-scheme:dark');
        expect(content, name).toMatch(/role="img"/);
        expect(content, name).toMatch(/aria-label="[^"]{10,}"/);
      } else expect([...content.subarray(1, 4)], name).toEqual([...'PNG'].map((letter) => letter.charCodeAt(0)));
    }
  });

  it('tells of a training alone, without validation and of one epoch', async () => {
    const [{ epoch, loss, accuracy, seconds }] = history as [EpochLog];
    const one = { history: [{ epoch, loss, accuracy, seconds }], steps: steps.slice(0, 1) };
    const { html, pictures } = await createReport({ title: 't', settings, training: one });
    expect([...pictures.keys()]).toEqual(trained);
    expect(readable(html)).not.toMatch(/alidation|NaN/);
    expect((await createReport({ title: 't', settings, training: { history: [], steps: [] } })).pictures.size).toBe(0);
  });

  it('counts every slot, and shows whole images with a dash for a blank', async () => {
    const test = testOf({ height: 4, width: 20, classes: 11, slots: 5 });
    const { html, pictures } = await createReport({ title: 't', settings, test });
    expect([...pictures.keys()]).toEqual(tested);
    expect(html).toContain('Accuracy by position');
    expect(html).toContain('<dt>Whole images right</dt><dd>40.00%</dd>');
    // Labels count on from slot to slot; the first slot of each image is read as the next class.
    expect(html).toContain('01234 → 11234 59%');
    expect(html).toContain('<span aria-hidden="true">56789 → 66789 59%</span>');
    expect(html).toContain('–0123 → 00123 59%');
    const samples = [...html.matchAll(/<th scope="row">.<\/th>(?:<td>[^<]*<\/td>){3}<td>(\d+)<\/td>/g)];
    expect(samples.reduce((sum, [, support]) => sum + Number(support), 0)).toBe(24 * 5);
  });

  it('does with few images, and with none misread', async () => {
    const test = testOf(digits, undefined, 3);
    const { labels } = test.dataset;
    const probabilities = Float32Array.from({ length: 30 }, (_, i) => (labels[Math.floor(i / 10)] === i % 10 ? 1 : 0));
    const evaluation = { ...test.evaluation, probabilities };
    const { html, pictures } = await createReport({ title: 't', settings, test: { ...test, evaluation } });
    expect(html).toContain('Every image was read right.');
    expect([...pictures.keys()]).toEqual(tested.filter((name) => !/mistakes|embedding/.test(name)));
    expect(readable(html)).not.toMatch(/NaN/);
  });

  it('refuses nothing to report, and stops when told to', async () => {
    await expect(createReport({ title: 't', settings })).rejects.toMatchObject({ code: 'bad-argument' });
    const signal = AbortSignal.abort();
    await expect(createReport({ title: 't', settings, test: testOf(digits), signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
