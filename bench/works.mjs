/** What is measured: the systems, the batch sizes, and the ratios that are aimed at. */

const digits = { image: [28, 28], slots: 1, classes: 10, count: 60_000 };

/** The data of a system; its layers are denary's catalogue's, and each peer has them in its own words. */
const systems = {
  mlp: digits,
  cnn: digits,
  'cnn-bn': digits,
  hrnn: digits,
  string: { image: [28, 140], slots: 5, classes: 11, count: 15_000 },
};

/** `seconds` of measuring a batch size, after `warmup` steps at least; `limit`: the seconds in which that must be done. */
const training = (system, batches = [32, 128, 512]) => ({
  ...{ task: 'training', system, batches, seconds: 1, warmup: 3, limit: 120 },
  ...systems[system],
});
const inference = (system) => ({
  ...{ task: 'inference', system, batches: [1, 32, 128, 1000], seconds: 0.5, warmup: 3, limit: 60 },
  ...systems[system],
});

/** V8 runs WASM at a fraction of its speed until its optimizing compiler has been over it: all warm up for so long. */
const inBrowser = (system) => ({
  ...inference(system),
  task: 'browser',
  batches: [1, 32, 128],
  seconds: 1,
  warmSeconds: 5,
});

/** Smallest batches first: at their pace a contestant sees whether it can do the larger ones in time. */
export const works = [
  training('mlp'),
  training('cnn'),
  training('cnn-bn'),
  training('hrnn', [32, 64, 128, 512]),
  training('string'),
  inference('mlp'),
  inference('cnn'),
  inference('hrnn'),
  inBrowser('cnn'),
];

/** In a process that does nothing else, so that its peak memory is that of this work. */
export const memoryWork = training('cnn', [128]);

const affine = { rotate: 10, shift: 0.08, shear: 10, zoom: 0.1 };
/** How denary changes the training images. */
export const augmentations = [
  { name: 'none' },
  { name: 'rotate, shift, shear, zoom', augment: affine },
  { name: 'and elastic, stroke width', augment: { ...affine, elastic: { alpha: 34, sigma: 4 }, strokeWidth: 0.5 } },
];

const pytorch = ['PyTorch eager', 'PyTorch compile'];
const aim = (system, batch, ours, peers, least, wish) => ({
  task: 'training',
  system,
  batch,
  ours,
  peers,
  least,
  wish,
});
const inChromium = (peer, least) => ({ ...aim('cnn', 128, 'denary', [peer], least), task: 'browser' });

/** Images a second of ours over the better of the peers. */
export const aims = [
  aim('mlp', 128, 'denary', pytorch, 2, 3),
  aim('cnn', 128, 'denary', pytorch, 1.05, 1.25),
  aim('hrnn', 64, 'denary', pytorch, 1.5, 2),
  aim('string', 128, 'denary', pytorch, 1),
  aim('mlp', 128, 'denary', ['tfjs-node'], 3),
  aim('cnn', 128, 'denary', ['tfjs-node'], 1.2),
  aim('hrnn', 64, 'denary', ['tfjs-node'], 5),
  aim('mlp', 128, 'denary WASM, 2 threads', ['jax-js WASM, 2 threads'], 2),
  aim('cnn', 128, 'denary WASM, 2 threads', ['jax-js WASM, 2 threads'], 2),
  inChromium('onnxruntime-web', 0.9),
  inChromium('tfjs WASM', 3),
  inChromium('jax-js WASM', 1.5),
];
