/** onnxruntime-node, held to the session contract. CUDA and WebGPU are not run here: they need hardware. */

import { createSession } from '@denary/runtime-node';
import { describeSessionContract } from './contract/session-contract.js';

describeSessionContract('runtime-node', createSession, { devices: ['cpu'], foreign: 'wasm' });
