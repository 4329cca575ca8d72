/** Which device runs a digit model: WebAssembly, unless a GPU is there and does it faster. */

import { messageOf, type Session, sizeOf } from '@denary/core';
import type { WebDevice } from './files.js';

/** Milliseconds for one image that nobody sees: then 26 MB for WebGPU are not loaded to save some of them. */
const UNSEEN = 8;

/** What is needed of WebGPU's types. */
interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: Readonly<Partial<Record<'vendor' | 'architecture' | 'description', string>>> & {
    readonly isFallbackAdapter?: boolean;
  };
}
interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

/** A GPU that may be faster; one in software is not. */
export async function hasGpu(): Promise<boolean> {
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: Gpu };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return false;
  const { isFallbackAdapter, info = {} } = adapter;
  const name = `${info.vendor} ${info.architecture} ${info.description}`;
  return !isFallbackAdapter && !info.isFallbackAdapter && !/swiftshader|llvmpipe|basic render/i.test(name);
}

export interface Chosen {
  readonly session: Session;
  readonly notes: readonly string[];
}

/** Measures one image on each device, which is what pages ask for most. */
export async function fastestSession(
  open: (device: WebDevice) => Promise<Session>,
  gpuIsThere: () => Promise<boolean> = hasGpu,
): Promise<Chosen> {
  const [wasm, gpu] = await Promise.all([open('wasm'), gpuIsThere()]);
  if (!gpu) return { session: wasm, notes: [] };
  const onWasm = await millisecondsOf(wasm);
  if (onWasm <= UNSEEN) {
    const note = `On WebAssembly, as an image takes ${onWasm.toFixed(1)} ms there; WebGPU was not tried, and can be asked for.`;
    return { session: wasm, notes: [note] };
  }
  let webgpu: Session | undefined;
  try {
    webgpu = await open('webgpu');
    const onGpu = await millisecondsOf(webgpu);
    const [kept, other] = onGpu < onWasm ? [webgpu, wasm] : [wasm, webgpu];
    await other.close();
    const measured = `An image takes ${onWasm.toFixed(1)} ms on WebAssembly and ${onGpu.toFixed(1)} ms on WebGPU.`;
    return { session: kept, notes: [measured] };
  } catch (error) {
    await webgpu?.close().catch(() => {});
    return { session: wasm, notes: [`On WebAssembly, as WebGPU does not work: ${messageOf(error)}`] };
  }
}

/** Of a run with one image, the better of two after a first that warms up. */
async function millisecondsOf(session: Session): Promise<number> {
  const [{ name, shape }] = session.inputs as [Session['inputs'][number]];
  const image = shape.map((size) => (typeof size === 'number' ? size : 1));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const began = performance.now();
    await session.run({ [name]: { dtype: 'uint8', shape: image, data: new Uint8Array(sizeOf(image)) } });
    if (i > 0) best = Math.min(best, performance.now() - began);
  }
  return best;
}
