import { describe, expect, it } from 'vitest';
import { findArchitecture } from './architectures/catalogue.js';
import { resolveSettings } from './settings.js';

const mlp = findArchitecture('mlp');
const deep = findArchitecture('mlp-deep');
const net = findArchitecture('relu-net');

describe('resolveSettings', () => {
  it("takes the system's own settings where nothing is asked for", () => {
    const { data, ...own } = net.training;
    expect(resolveSettings(net, {})).toEqual({ seed: 0, ...own });
  });

  it('lets one way of counting replace the other', () => {
    expect(resolveSettings(net, { batchSize: 32 })).toMatchObject({ batchSize: 32 });
    expect(resolveSettings(net, { batchSize: 32 })).not.toHaveProperty('minibatches');
    expect(resolveSettings(mlp, { minibatches: 1 })).not.toHaveProperty('batchSize');
    expect(resolveSettings(deep, { epochs: 2 })).not.toHaveProperty('steps');
    expect(resolveSettings(deep, {})).toMatchObject({ steps: 3001 });
  });

  it.each([
    [{ batchSize: 8, minibatches: 2 }, /batchSize or minibatches, received both/],
    [{ steps: 8, epochs: 2 }, /epochs or steps, received both/],
    [{ steps: 0 }, /steps as a whole number of at least 1/],
    [{ validationSplit: 1 }, /validationSplit between 0 and 1/],
    [{ earlyStopping: { patience: 0 } }, /earlyStopping.patience/],
    [{ earlyStopping: { monitor: 'auc' as never } }, /earlyStopping.monitor as one of loss, accuracy, val_loss/],
    [{ loss: 'hinge' as never }, /loss as one of categorical_crossentropy/],
    [{ optimizer: { name: 'Lion' as never } }, /optimizer as one of SGD/],
    [{ augment: { rotate: 400 } }, /rotate in 0..180/],
  ])('refuses %j', (asked, message) => {
    expect(() => resolveSettings(mlp, asked)).toThrow(message);
  });
});
