/** onnxruntime-web's WASM, in Node, held to the session contract. WebGPU is not run here: it needs a browser. */

import { createSession } from '@denary/runtime-web';
import { describeSessionContract } from './contract/session-contract.js';

describeSessionContract('runtime-web', createSession, { devices: ['wasm'], foreign: 'cpu' });
