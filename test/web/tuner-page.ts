/** What runs in the page: the contracts of tuners and of swapping, on runtime-web, case by case. */

import { createRecognizer, createSession, createTuner } from '@denary/runtime-web';
import { swapContract } from '../contract/swap-contract.js';
import type { TunerRequest } from '../contract/tuner-contract.js';
import { tunerContract } from '../contract/tuner-contract.js';

const bytesOf = async (name: string) => new Uint8Array(await (await fetch(name)).arrayBuffer());

const contracts = {
  tuner: async (name: string) => {
    const [model, training] = await Promise.all([bytesOf('mlp/model.onnx'), bytesOf('mlp/training.onnx')]);
    await tunerContract[name]!({
      model,
      training,
      createTuner: (request: TunerRequest) => createTuner(request),
      createSession,
    });
  },
  swap: async (name: string) => {
    const [model, other] = await Promise.all([bytesOf('mlp/model.onnx'), bytesOf('string/model.onnx')]);
    await swapContract[name]!({ model, other, createRecognizer });
  },
};

Object.assign(globalThis, {
  runCase: (contract: keyof typeof contracts, name: string) => contracts[contract](name),
});
