/**
 * The files that are loaded by their address: the worker, ONNX Runtime and the shipped models. All lie beside this code, in
 * the folder assets/. Bundlers that see `new URL('./file', import.meta.url)` copy the file and put its new address there, which is
 * why each is written out.
 */

import { type FileFacts, fileFacts } from './build-facts.js';

/** What is known of a file before it is loaded. */
export interface RemoteFile {
  /** As progress and errors call it. */
  readonly name: string;
  /** Absolute. */
  readonly url: string;
  /** In hexadecimal; what comes must have it. */
  readonly sha256?: string | undefined;
  readonly bytes?: number | undefined;
}

/** ONNX Runtime for one device: its JavaScript, and the WebAssembly that goes with it. */
export interface RuntimeFiles {
  readonly mjs: RemoteFile;
  readonly wasm: RemoteFile;
}

export type WebDevice = 'wasm' | 'webgpu';

/** Where files lie that are not where the bundler put them. Relative addresses start at the page's. */
export interface Places {
  /** The address of a folder with a copy of this package's `dist/assets`. */
  readonly files?: string | URL | undefined;
  /**
   * As onnxruntime-web's `env.wasm.wasmPaths`: the address of a folder with its .wasm files, or the addresses of its
   * WebAssembly and of its JavaScript for the device that is used.
   */
  readonly wasmPaths?: string | URL | { readonly wasm?: string | URL; readonly mjs?: string | URL } | undefined;
}

const beside = {
  'worker.js': () => new URL('./assets/worker.js', import.meta.url),
  'kernels.js': () => new URL('./assets/kernels.js', import.meta.url),
  'ort.wasm.bundle.min.mjs': () => new URL('./assets/ort.wasm.bundle.min.mjs', import.meta.url),
  'ort-wasm-simd-threaded.wasm': () => new URL('./assets/ort-wasm-simd-threaded.wasm', import.meta.url),
  'ort.webgpu.bundle.min.mjs': () => new URL('./assets/ort.webgpu.bundle.min.mjs', import.meta.url),
  'ort-wasm-simd-threaded.asyncify.wasm': () =>
    new URL('./assets/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url),
  'cnn-pool4.onnx': () => new URL('./assets/cnn-pool4.onnx', import.meta.url),
  'cnn.onnx': () => new URL('./assets/cnn.onnx', import.meta.url),
  'mlp.onnx': () => new URL('./assets/mlp.onnx', import.meta.url),
  'hrnn.onnx': () => new URL('./assets/hrnn.onnx', import.meta.url),
};

export type FileName = keyof typeof beside;

const runtimes: { readonly [D in WebDevice]: { readonly mjs: FileName; readonly wasm: FileName } } = {
  wasm: { mjs: 'ort.wasm.bundle.min.mjs', wasm: 'ort-wasm-simd-threaded.wasm' },
  webgpu: { mjs: 'ort.webgpu.bundle.min.mjs', wasm: 'ort-wasm-simd-threaded.asyncify.wasm' },
};

/** The names of the models that lie beside the code; the larger ones of `@denary/models` are given by their address. */
export const modelNames: readonly string[] = Object.keys(beside).flatMap(
  (name) => /^(.*)\.onnx$/.exec(name)?.[1] ?? [],
);

/** A shipped model's file; nothing where the name is none. */
export function shippedModel(name: string, places: Places): RemoteFile | undefined {
  const file = `${name}.onnx`;
  return Object.hasOwn(beside, file) ? fileNamed(file as FileName, places) : undefined;
}

export function runtimeFiles(device: WebDevice, places: Places): RuntimeFiles {
  const { wasmPaths } = places;
  const { mjs, wasm } = runtimes[device];
  const [given, folder] = typeof wasmPaths === 'object' && !(wasmPaths instanceof URL) ? [wasmPaths] : [{}, wasmPaths];
  return {
    mjs: moved(fileNamed(mjs, places), given.mjs),
    wasm: moved(fileNamed(wasm, places), given.wasm ?? (folder === undefined ? folder : inFolder(folder, wasm))),
  };
}

export const fileNamed = (name: FileName, places: Places): RemoteFile =>
  fileBeside(name, beside[name], fileFacts[name], places);

export function fileBeside(
  name: string,
  address: () => URL,
  facts: FileFacts[string] | undefined,
  { files }: Places,
): RemoteFile {
  return { ...facts, name, url: files === undefined ? addressOf(name, address) : inFolder(files, name) };
}

/** A bundle that is no module does not know its own address: the files are then looked for beside its script. */
function addressOf(name: string, address: () => URL): string {
  try {
    // Some bundlers make an address without an origin of it.
    return absolute(String(address()));
  } catch {
    return new URL(`./assets/${name}`, script ?? absolute('.')).href;
  }
}

const script = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src;

const moved = (file: RemoteFile, url: string | URL | undefined): RemoteFile =>
  url === undefined ? file : { ...file, url: absolute(url) };

const inFolder = (folder: string | URL, name: string) =>
  new URL(name, absolute(String(folder).replace(/\/*$/, '/'))).href;

/** An address as the page means it. */
export const absolute = (url: string | URL): string =>
  new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
