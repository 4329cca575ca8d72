/** `swap` in Node, however the model runs. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRecognizer, modelsFolder } from '@denary/runtime-node';
import { describe, it } from 'vitest';
import { swapContract } from './contract/swap-contract.js';

const [model, other] = await Promise.all(
  ['mlp', 'string'].map((name) => readFile(join(modelsFolder(), name, 'model.onnx'))),
);

describe.each([{ isolation: 'none' }, { isolation: 'thread' }, { isolation: 'process', workers: 2 }] as const)(
  'a recognizer of runtime-node with %o',
  (settings) => {
    const runtime = {
      model: model!,
      other: other!,
      createRecognizer: (options: object) => createRecognizer({ ...options, ...settings }),
    };
    it.each(Object.entries(swapContract))('%s', (_, run) => run(runtime));
  },
);
