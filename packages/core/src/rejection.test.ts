import { describe, expect, it } from 'vitest';
import { calibrationIn, tempered, withCalibration } from './calibration.js';
import { type Domain, decodeDomain, distanceFrom, domainLayers, encodeDomain } from './domain.js';
import { GraphBuilder } from './onnx/builder.js';
import type { Prediction } from './prediction.js';
import { predictionsOf } from './preparation.js';
import { rejectionRule } from './rejection.js';

const contract = { height: 28, width: 28, classes: 3, slots: 1 };
const pixels = new Uint8Array(784).fill(100);
const image = { pixels, empty: false };

/** Weights of some pattern, for three classes. */
const domain: Domain = domainLayers(3).map(({ filters, size }, i) => ({
  kernels: Float64Array.from(
    { length: size * size * [1, 8, 16, 32][i]! * filters },
    (_, k) => (((k * 37) % 255) - 127) * 0.002,
  ),
  step: 0.002,
  biases: Array.from({ length: filters }, (_, k) => (k % 3) / 8),
}));

describe('temperature', () => {
  it('is a softmax over log p / T', () => {
    const logits = [2, -1, 0.5];
    const softmax = (values: number[]) => {
      const powers = values.map(Math.exp);
      return powers.map((power) => power / powers.reduce((a, b) => a + b));
    };
    const cooled = tempered(softmax(logits), 2.5);
    softmax(logits.map((z) => z / 2.5)).forEach((p, i) => {
      expect(cooled[i]).toBeCloseTo(p, 12);
    });
  });

  it('keeps the order, sums to one, and stands zeros', () => {
    const [a, b, c] = tempered([1, 0, 0], 3) as [number, number, number];
    expect(a + b + c).toBeCloseTo(1, 12);
    expect(a).toBeGreaterThan(0.99);
    expect(b).toBe(c);
  });
});

describe('a calibration in a model file', () => {
  const graph = new GraphBuilder('g');
  graph.output(
    graph.op('Softmax', [graph.input('image', 'float32', ['batch', 3])], { axis: -1 }, { name: 'p' }),
    'probabilities',
  );
  const model = graph.model({ other: 'kept' });

  it('comes back as it was, beside other metadata', () => {
    const calibration = { temperature: 1.5, limits: { confidence: 0.7, distance: 2 }, domain: encodeDomain(domain) };
    const written = withCalibration(model, calibration);
    expect(written.metadata.other).toBe('kept');
    expect(calibrationIn(written)).toEqual(calibration);
  });

  it('is a temperature of 1 where there is none', () => {
    expect(calibrationIn(model)).toEqual({ temperature: 1 });
  });

  it.each(['x', '{}', '{"temperature":0}', '{"temperature":1,"limits":{"confidence":2}}'])(
    'is a bad model where it is %s',
    (text) => {
      const damaged = { ...model, metadata: { 'denary.calibration': text } };
      expect(() => calibrationIn(damaged)).toThrow(expect.objectContaining({ code: 'bad-model' }));
    },
  );
});

/** Of one layer, as the definition has it: the sum over the kernel at every place of the output. */
function plain(values: number[], side: number, i: number): number[] {
  const { filters, size, stride } = domainLayers(3)[i]!;
  const { kernels, biases } = domain[i]!;
  const channels = values.length / side / side;
  const wide = Math.ceil(side / stride);
  const rim = Math.floor(Math.max(0, (wide - 1) * stride + size - side) / 2);
  return Array.from({ length: wide * wide * filters }, (_, to) => {
    const [filter, cell] = [to % filters, Math.floor(to / filters)];
    let sum = 0;
    for (let k = 0; k < size * size * channels; k++) {
      const [channel, place] = [k % channels, Math.floor(k / channels)];
      const y = Math.floor(cell / wide) * stride - rim + Math.floor(place / size);
      const x = (cell % wide) * stride - rim + (place % size);
      const inside = y >= 0 && y < side && x >= 0 && x < side;
      if (inside) sum += Math.max(0, values[(y * side + x) * channels + channel]!) * kernels[k * filters + filter]!;
    }
    return sum + biases[filter]!;
  });
}

describe('a domain', () => {
  it('comes back as it was written', () => {
    expect(decodeDomain(encodeDomain(domain))).toEqual(domain);
  });

  it.each([
    ['a text', 'AAAA'],
    ['one layer', [{ kernels: 'AAAA', step: 1, biases: [1] }]],
    ['without a step', encodeDomain(domain.with(2, { ...domain[2]!, step: Number.NaN }))],
    ['without weights', encodeDomain(domain).with(1, { ...domain[1]!, kernels: '?' })],
  ])('that is %s makes a bad model where it is needed', async (_, damaged) => {
    const calibration = { temperature: 1, limits: { confidence: 0, distance: 0 }, domain: damaged as never };
    await expect(rejectionRule(0.5, calibration)).rejects.toMatchObject({ code: 'bad-model' });
    await expect(rejectionRule(undefined, calibration)).resolves.toBeUndefined();
  });
});

describe('distance', () => {
  it('is what convolutions with padding same and ReLUs give', () => {
    const drawn = Uint8Array.from({ length: 784 }, (_, p) => (p % 5 === 0 ? 0 : (p * 31) % 256));
    let values = Array.from(drawn, (pixel) => pixel / 255);
    for (const [i, side] of [28, 14, 7, 1].entries()) values = plain(values, side, i);
    expect(values).toHaveLength(4);
    expect(distanceFrom(domain, drawn)).toBeCloseTo(values[3]! - Math.max(...values.slice(0, 3)), 8);
  });
});

describe('rejection', () => {
  const sure = Float32Array.from([0.02, 0.95, 0.03]);
  const limits = { confidence: 0.9, distance: 1e6 };
  const read = (rows: Float32Array, rule: Awaited<ReturnType<typeof rejectionRule>>, empty = false) =>
    predictionsOf(rows, [{ ...image, empty }], contract, { rule })[0];

  it('is absent where nothing was asked for', async () => {
    expect(read(sure, undefined)).not.toHaveProperty('rejected');
    expect(await rejectionRule(undefined, { temperature: 1, limits })).toBeUndefined();
  });

  it('tells blank, unsure and unlike apart, and leaves the probabilities', async () => {
    const rule = await rejectionRule('auto', { temperature: 1, limits, domain: encodeDomain(domain) });
    expect(read(sure, rule)).toMatchObject({ digit: 1 });
    expect(read(sure, rule)).not.toHaveProperty('rejected');
    expect(read(sure, rule, true)).toMatchObject({ digit: null, rejected: 'blank' });
    const unsure = Float32Array.from([0.4, 0.5, 0.1]);
    expect(read(unsure, rule)).toMatchObject({ digit: null, rejected: 'low-confidence', confidence: 0.5 });
    const strict = await rejectionRule('auto', {
      temperature: 1,
      limits: { ...limits, distance: -1e6 },
      domain: encodeDomain(domain),
    });
    const unlike = read(sure, strict);
    expect(unlike).toMatchObject({ digit: null, rejected: 'out-of-domain' });
    expect((unlike as Prediction).probabilities[1]).toBeCloseTo(0.95, 6);
  });

  it('takes a number in place of the confidence of the model', async () => {
    const rule = await rejectionRule(0.97, { temperature: 1, limits });
    expect(read(sure, rule)).toMatchObject({ rejected: 'low-confidence' });
    expect(read(sure, await rejectionRule(0, { temperature: 1 }))).toMatchObject({ digit: 1 });
  });

  it('marks the digits of a text', async () => {
    const rows = Float32Array.from([0.02, 0.95, 0.03, 0.4, 0.5, 0.1]);
    const text = predictionsOf(
      rows,
      [image],
      { ...contract, slots: 2 },
      { rule: await rejectionRule(0.9, { temperature: 1 }) },
    );
    expect(text[0]).toMatchObject({ text: '1?', rejected: 'low-confidence' });
  });

  it.each([-0.1, 1.1, Number.NaN, 'yes' as never])('refuses %s as a limit', async (reject) => {
    await expect(rejectionRule(reject, { temperature: 1 })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it("refuses 'auto' for a model without limits", async () => {
    await expect(rejectionRule('auto', { temperature: 1 })).rejects.toThrow(/limits of its own/);
  });
});
