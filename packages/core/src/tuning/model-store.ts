/** Where personal models are kept between visits and restarts: one interface, for a browser's storage and a folder. */

import { problem } from '../errors.js';
import { requireTunedFrom } from './ancestry.js';
import { type Digest, decodePersonal, encodePersonal, isPersonal, type PersonalModel } from './personal-model.js';

export interface StoredModel {
  readonly name: string;
  /** Of the latest of that name. */
  readonly bytes: number;
  /** When it was saved, in milliseconds since 1970. */
  readonly saved: number;
}

export interface SaveOptions extends Omit<PersonalModel, 'model'> {
  /** Whether what was there is kept for `loadPrevious`; default true. `false` is for what is saved to take a save back. */
  readonly keepPrevious?: boolean;
}

export interface BaseOptions {
  /**
   * The bytes of the model that it is to have been tuned from, whose training graphs and core set teach it on. One with other
   * weights, or with a lineage that begins elsewhere, is then a `bad-model`.
   */
  readonly base?: Uint8Array | undefined;
}

/** Of what is kept of a name: the last save, or the one before it. */
export type Generation = 'latest' | 'previous';

/**
 * What is saved is there whole or as it was before, whatever ends the process and whoever else writes at the same time: of two
 * who do, the later wins. Names are of letters, digits, `_`, `-` and `.`, at most 64, the first a letter or digit; others
 * are a `bad-argument`. All calls throw `device-unavailable` where nothing may be kept.
 */
export interface ModelStore {
  /** Throws `quota-exceeded` where there is no room; what was there stays. */
  save(name: string, model: Uint8Array, options?: SaveOptions): Promise<void>;
  /** Undefined where there is none of that name. Throws `bad-data` where it is damaged. */
  load(name: string, options?: BaseOptions): Promise<PersonalModel | undefined>;
  /** What there was before the last save, as `load` gives that; undefined where it was not kept. */
  loadPrevious(name: string, options?: BaseOptions): Promise<PersonalModel | undefined>;
  /** By name; damaged ones, too. */
  list(): Promise<StoredModel[]>;
  /** With what was before it. Does nothing where there is none. */
  remove(name: string): Promise<void>;
  /** One file with everything, for `import` here or elsewhere. Throws `not-found`, and `bad-data` where it is damaged. */
  export(name: string): Promise<Uint8Array>;
  /** Saves what `export` gave. Throws `bad-data` for anything else, and then saves nothing. */
  import(name: string, file: Uint8Array, options?: BaseOptions): Promise<PersonalModel>;
  /** What a file of `export` holds, or an ONNX file, which is a model without corrections; nothing is saved. Throws `bad-data`, `bad-model`. */
  read(file: Uint8Array, options?: BaseOptions): Promise<PersonalModel>;
}

/** What a runtime provides: whole files by name, each written at one stroke. */
export interface StoreFiles {
  write(name: string, file: Uint8Array, keepPrevious: boolean): Promise<void>;
  read(name: string, generation: Generation): Promise<Uint8Array | undefined>;
  list(): Promise<StoredModel[]>;
  remove(name: string): Promise<void>;
}

export function modelStoreOn(files: StoreFiles, digest: Digest): ModelStore {
  const decode = async (file: Uint8Array, who: string, { base }: BaseOptions = {}) => {
    const content = await decodePersonal(file, digest, who);
    if (base) await requireTunedFrom(content.model, base, digest, who);
    return content;
  };
  const load = async (name: string, generation: Generation, options?: BaseOptions) => {
    const file = await files.read(requireName(name, 'load'), generation);
    return file && decode(file, `load: "${name}"`, options);
  };
  return {
    save: async (name, model, { keepPrevious = true, ...extra } = {}) =>
      files.write(requireName(name, 'save'), await encodePersonal({ ...extra, model }, digest), keepPrevious),
    load: (name, options) => load(name, 'latest', options),
    loadPrevious: (name, options) => load(name, 'previous', options),
    list: async () => (await files.list()).sort((a, b) => (a.name < b.name ? -1 : 1)),
    remove: async (name) => files.remove(requireName(name, 'remove')),
    export: async (name) => {
      const file = await files.read(requireName(name, 'export'), 'latest');
      if (file) {
        await decode(file, `export: "${name}"`);
        return file;
      }
      const remedy = 'list() names those that there are.';
      throw problem('not-found', 'export', 'a personal model', `none named "${name}"`, remedy);
    },
    import: async (name, file, options) => {
      const content = await decode(file, 'import', options);
      await files.write(requireName(name, 'import'), file, true);
      return content;
    },
    read: async (file, options) => {
      if (isPersonal(file)) return decode(file, 'read', options);
      await requireTunedFrom(file, options?.base ?? file, digest, 'read');
      return { model: file };
    },
  };
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

function requireName(name: string, who: string): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  const expected = 'a name of up to 64 letters, digits, _, - and ., which begins with a letter or digit';
  throw problem('bad-argument', who, expected, `"${name}"`, 'Give another name.');
}
