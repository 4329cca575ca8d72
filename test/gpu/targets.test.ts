/** Training graphs for a GPU on WebGPU, no operator of them on the CPU: gradients are the CPU's to a thousandth. */

import { createSession } from '@denary/runtime-node';
import { describeTarget } from '../contract/target-contract.js';
import { describeOnGpu } from './describe-on-gpu.js';

describeOnGpu('WebGPU in Node', () => describeTarget(createSession, 'webgpu'));
