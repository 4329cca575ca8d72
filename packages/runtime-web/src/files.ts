/**
 * The files that are loaded by their address: the worker, ONNX Runtime and the shipped models. All lie beside this code, in
 * one folder. Bundlers that see `new URL('./file', import.meta.url)` copy the file and put its new address there, which is
 * why each is written out.
 */

import { type BuildFacts, buildFacts } from './build-facts.js';

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
  /** The address of a folder with a copy of this package's `dist`. */
  readonly files?: string | URL | undefined;
  /**
   * As onnxruntime-web's `env.wasm.wasmPaths`: the address of a folder with its .wasm files, or the addresses of its
   * WebAssembly and of its JavaScript for the device that is used.
   */
  readonly wasmPaths?: string | URL | { readonly wasm?: string | URL; readonly mjs?: string | URL } | undefined;
}

const beside = {
  'worker.js': () => new URL('./worker.js', import.meta.url),
  'ort.wasm.bundle.min.mjs': () => new URL('./ort.wasm.bundle.min.mjs', import.meta.url),
  'ort-wasm-simd-threaded.wasm': () => new URL('./ort-wasm-simd-threaded.wasm', import.meta.url),
  'ort.webgpu.bundle.min.mjs': () => new URL('./ort.webgpu.bundle.min.mjs', import.meta.url),
  'ort-wasm-simd-threaded.asyncify.wasm': () => new URL('./ort-wasm-simd-threaded.asyncify.wasm', import.meta.url),
  'models/cnn-pool4.onnx': () => new URL('./models/cnn-pool4.onnx', import.meta.url),
  'models/cnn.onnx': () => new URL('./models/cnn.onnx', import.meta.url),
  'models/mlp.onnx': () => new URL('./models/mlp.onnx', import.meta.url),
  'models/hrnn.onnx': () => new URL('./models/hrnn.onnx', import.meta.url),
  'models/pair.onnx': () => new URL('./models/pair.onnx', import.meta.url),
  'models/string.onnx': () => new URL('./models/string.onnx', import.meta.url),
};

export type FileName = keyof typeof beside;

const runtimes: { readonly [D in WebDevice]: { readonly mjs: FileName; readonly wasm: FileName } } = {
  wasm: { mjs: 'ort.wasm.bundle.min.mjs', wasm: 'ort-wasm-simd-threaded.wasm' },
  webgpu: { mjs: 'ort.webgpu.bundle.min.mjs', wasm: 'ort-wasm-simd-threaded.asyncify.wasm' },
};

/** The names of the shipped models. */
export const modelNames: readonly string[] = Object.keys(beside).flatMap(
  (name) => /^models\/(.*)\.onnx$/.exec(name)?.[1] ?? [],
);

/** A shipped model's file; nothing where the name is none. */
export function shippedModel(name: string, places: Places): RemoteFile | undefined {
  const file = `models/${name}.onnx`;
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

export function fileNamed(name: FileName, { files }: Places): RemoteFile {
  const facts: BuildFacts['files'][string] | undefined = buildFacts.files[name];
  return moved({ ...facts, name, url: beside[name]().href }, files === undefined ? files : inFolder(files, name));
}

const moved = (file: RemoteFile, url: string | URL | undefined): RemoteFile =>
  url === undefined ? file : { ...file, url: absolute(url) };

const inFolder = (folder: string | URL, name: string) => new URL(name, absolute(`${folder}`.replace(/\/*$/, '/')));

/** An address as the page means it. */
export const absolute = (url: string | URL): string =>
  new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
