import { describe, expect, it } from 'vitest';
import type { Architecture } from '../architectures/architecture.js';
import { catalogue, findArchitecture } from '../architectures/catalogue.js';
import { withSettings } from './with-settings.js';

const wide = findArchitecture('mlp-wide');
const cnn = findArchitecture('cnn');
const training = (settings: Parameters<typeof withSettings>[1], of: Architecture = wide) =>
  withSettings(of, settings).training;
const layer = (at: number, settings: Parameters<typeof withSettings>[1], of: Architecture = wide) =>
  withSettings(of, settings).layers[at];

describe('withSettings', () => {
  it('changes nothing where nothing is asked for, and never what it is given', () => {
    const before = structuredClone(catalogue);
    for (const architecture of catalogue) expect(withSettings(architecture, {})).toEqual(architecture);
    withSettings(wide, { 'dense.units': 3, optimizer: 'Adam', 'augment.rotate': 5 });
    expect(catalogue).toEqual(before);
  });

  it('keeps the options of the optimizer that is there, and starts another from its defaults', () => {
    expect(training({ optimizer: 'SGD' }).optimizer).toEqual(wide.training.optimizer);
    expect(training({ optimizer: 'Adam' }).optimizer).toEqual({ name: 'Adam' });
    expect(training({ learningRate: 0.5 }).optimizer).toEqual({ ...wide.training.optimizer, learningRate: 0.5 });
    const exact = { name: 'Adadelta', learningRate: 1 };
    expect(training({ optimizer: exact }).optimizer).toEqual(exact);
  });

  it('does not care for the order of the keys', () => {
    const settings = { 'optimizer.rho': 0.5, learningRate: 0.1, optimizer: 'RMSprop' };
    expect(training(settings).optimizer).toEqual({ name: 'RMSprop', rho: 0.5, learningRate: 0.1 });
  });

  it('sets schedules by name, by option and as objects', () => {
    expect(training({ schedule: 'cosine', 'schedule.warmup': 0.1 }).schedule).toEqual({ name: 'cosine', warmup: 0.1 });
    expect(training({ schedule: { name: 'step', every: 0.5 } }).schedule).toEqual({ name: 'step', every: 0.5 });
    expect(training({ 'schedule.warmup': 0.1 }).schedule).toEqual({ name: 'constant', warmup: 0.1 });
  });

  it('sets what else a training has', () => {
    const changed = training({ loss: 'mean_squared_error', batchSize: 7, epochs: 2, 'augment.rotate': 10 });
    expect(changed).toMatchObject({ loss: 'mean_squared_error', batchSize: 7, epochs: 2, augment: { rotate: 10 } });
    expect(training({ 'augment.elastic.alpha': 34, 'augment.elastic.sigma': 4 }).augment).toEqual({
      elastic: { alpha: 34, sigma: 4 },
    });
    expect(training({ 'earlyStopping.patience': 2 }).earlyStopping).toEqual({ patience: 2 });
  });

  it('takes back the other way of counting', () => {
    const stepped: Architecture = { ...wide, training: { ...wide.training, steps: 100, minibatches: 4 } };
    const changed = training({ epochs: 2, batchSize: 32 }, stepped);
    expect(changed).toMatchObject({ epochs: 2, batchSize: 32 });
    expect(Object.keys(changed)).not.toEqual(expect.arrayContaining(['steps']));
    expect(Object.keys(changed)).not.toEqual(expect.arrayContaining(['minibatches']));
    expect(() => training({ steps: 5, epochs: 2 })).toThrow(/epochs or steps/);
  });

  it('sets fields of layers by their Keras names, those left out in the data, too', () => {
    expect(layer(2, { 'dense_1.units': 5 })).toEqual({ type: 'Dense', units: 5, activation: 'relu' });
    expect(layer(1, { 'dropout.rate': 0 })).toEqual({ type: 'Dropout', rate: 0 });
    expect(layer(0, { 'dense.kernelInitializer': 'he_normal' })).toMatchObject({ kernelInitializer: 'he_normal' });
    expect(layer(0, { 'dense.kernelRegularizer.l2': 1e-4 })).toMatchObject({ kernelRegularizer: { l2: 1e-4 } });
    expect(layer(1, { 'conv2d_1.filters': 8, 'conv2d_1.kernelSize': 5 }, cnn)).toMatchObject({
      filters: 8,
      kernelSize: [5, 5],
    });
    expect(layer(2, { 'max_pooling2d.poolSize': [4, 2] }, cnn)).toMatchObject({ poolSize: [4, 2] });
  });

  it('sees through to the layer that is taken step by step', () => {
    expect(layer(0, { 'time_distributed.units': 8 }, findArchitecture('hrnn'))).toEqual({
      type: 'TimeDistributed',
      layer: { type: 'LSTM', units: 8 },
    });
  });

  it.each([
    [
      'an unknown key',
      { learnigRate: 1 },
      /one of optimizer, learningRate, .*layer among dense, dropout, dense_1.*"learnigRate"/,
    ],
    [
      'an unknown layer',
      { 'dense_9.units': 1 },
      /layer among dense, dropout, dense_1, dropout_1, dense_2, received "dense_9/,
    ],
    ['an unknown field', { 'dense.filters': 1 }, /setting "dense\.filters": expected a field among units, .*"filters"/],
    ['a layer without a field', { dense: 1 }, /a field among units, activation, .*received no field/],
    ['a field of a field', { 'dense.units.l2': 1 }, /whole number.*no fields/],
    ['an unknown optimizer', { optimizer: 'Adan' }, /one of SGD, RMSprop, .*received "Adan"/],
    [
      "another optimizer's option",
      { optimizer: 'Adam', 'optimizer.momentum': 0.9 },
      /a field among .*beta1.*"momentum"/,
    ],
    ['an unknown option in an object', { optimizer: { name: 'Adam', rho: 1 } }, /beta1.*"rho"/],
    ['an optimizer without a name', { optimizer: { learningRate: 1 } }, /one of SGD, /],
    ['an unknown schedule', { schedule: 'linear' }, /one of constant, step, .*"linear"/],
    ['an unknown loss', { loss: 'hinge' }, /one of categorical_crossentropy, /],
    ['an unknown augmentation', { 'augment.blur': 1 }, /a field among rotate, .*"blur"/],
    ['an augmentation out of its range', { 'augment.rotate': 500 }, /rotate in 0\.\.180/],
    ['a learning rate of 0', { learningRate: 0 }, /a number above 0, received 0/],
    ['half a batch', { batchSize: 0.5 }, /a whole number of at least 1, received 0\.5/],
    ['a text for a number', { 'dropout.rate': 'much' }, /setting "dropout\.rate": expected a number, received "much"/],
    ['a number for a flag', { 'optimizer.nesterov': 1 }, /true or false/],
    ['three sizes', { 'dense.units': [1, 2, 3] }, /a whole number/],
    ['the data', { data: 'pairs' }, /"data"/],
    ['what every object has', { constructor: 1 }, /"constructor"/],
    ['what every object has, as a field', { 'optimizer.constructor': 1 }, /"constructor"/],
  ])('refuses %s, and names what there is', (_, settings, message) => {
    const refused = { code: 'bad-argument', message: expect.stringMatching(message) };
    expect(() => withSettings(wide, settings as Record<string, number>)).toThrow(expect.objectContaining(refused));
  });
});
