/** What runs in the page: the contracts of tuners and of swapping, on runtime-web, case by case. */

import { createRecognizer, createSession, createTuner } from '@denary/runtime-web';
import { swapContract } from '../contract/swap-contract.js';
import type { TunerRequest } from '../contract/tuner-contract.js';
import { tunerContract } from '../contract/tuner-contract.js';

const bytesOf = async (name: string) => new Uint8Array(await (await fetch(name)).arrayBuffer());

const contracts = {
  tuner: async (name: string) => {
    const files = ['model.onnx', 'training.onnx', 'training.head.onnx'].map((file) => bytesOf(`mlp/${file}`));
    const [model, training, head] = (await Promise.all(files)) as [Uint8Array, Uint8Array, Uint8Array];
    await tunerContract[name]!({
      model,
      training,
      head,
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
  /** The strategies of a tuner for the model at an address, and why there is none of the last layer. */
  async strategiesAt(address: string) {
    const model = new URL(address, location.href);
    const tuner = await createTuner({ model });
    const { name } = tuner.strategy;
    await tuner.close();
    const refused = await createTuner({ model, strategy: 'head' }).catch((error: Error & { code: string }) => error);
    return { name, code: 'code' in refused && refused.code, message: 'message' in refused && refused.message };
  },
});
