/** Every layer of the table alone: what TensorFlow.js predicts with it is what the converted model gives. */

import { layers as table } from '@denary/train/tfjs';
import { describe, expect, it } from 'vitest';
import { cases, ofKerasAlone } from './layer-cases.js';
import { compare, drawInputs, drawWeights } from './tfjs.js';

it('every layer of the table has a case', () => {
  expect([...Object.keys(cases), ...ofKerasAlone].sort()).toEqual(Object.keys(table).sort());
});

describe.each(Object.entries(cases))('%s', (_, list) => {
  it.each(list.map(([name, build, whole]) => ({ name, build, whole })))('$name', async ({ build, whole }) => {
    const model = drawWeights(build(), 1);
    const { difference } = await compare(model, drawInputs(model, 2, 2, whole));
    expect(difference).toBeLessThan(1e-5);
  });
});
