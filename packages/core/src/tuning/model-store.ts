/** Where personal models are kept between visits and restarts: one interface, for a browser's storage and a folder. */

import { problem } from '../errors.js';
import { type Digest, decodePersonal, encodePersonal, type PersonalModel } from './personal-model.js';

export interface StoredModel {
  readonly name: string;
  /** Of what is kept. */
  readonly bytes: number;
  /** When it was saved, in milliseconds since 1970. */
  readonly saved: number;
}

/**
 * What is saved is there whole or as it was before, whatever ends the process and whoever else writes at the same time: of two
 * who do, the later wins. Names are of letters, digits, `_`, `-` and `.`, at most 64, the first a letter or digit; others
 * are a `bad-argument`.
 */
export interface ModelStore {
  /** Throws `quota-exceeded` where there is no room; what was there stays. */
  save(name: string, model: Uint8Array, extra?: Omit<PersonalModel, 'model'>): Promise<void>;
  /** Undefined where there is none of that name. Throws `bad-data` where it is damaged. */
  load(name: string): Promise<PersonalModel | undefined>;
  /** By name; damaged ones, too. */
  list(): Promise<StoredModel[]>;
  /** Does nothing where there is none. */
  remove(name: string): Promise<void>;
  /** One file with everything, for `import` here or elsewhere. Throws `not-found`, and `bad-data` where it is damaged. */
  export(name: string): Promise<Uint8Array>;
  /** Saves what `export` gave. Throws `bad-data` for anything else, and then saves nothing. */
  import(name: string, file: Uint8Array): Promise<PersonalModel>;
}

/** What a runtime provides: whole files by name, each written at one stroke. */
export interface StoreFiles {
  write(name: string, file: Uint8Array): Promise<void>;
  read(name: string): Promise<Uint8Array | undefined>;
  list(): Promise<StoredModel[]>;
  remove(name: string): Promise<void>;
}

export function modelStoreOn(files: StoreFiles, digest: Digest): ModelStore {
  const read = async (name: string, who: string) => {
    const file = await files.read(requireName(name, who));
    return file && { file, content: await decodePersonal(file, digest, `${who}: "${name}"`) };
  };
  return {
    save: async (name, model, extra = {}) =>
      files.write(requireName(name, 'save'), await encodePersonal({ ...extra, model }, digest)),
    load: async (name) => (await read(name, 'load'))?.content,
    list: async () => (await files.list()).sort((a, b) => (a.name < b.name ? -1 : 1)),
    remove: async (name) => files.remove(requireName(name, 'remove')),
    export: async (name) => {
      const found = await read(name, 'export');
      if (found) return found.file;
      throw problem(
        'not-found',
        'export',
        'a personal model',
        `none named "${name}"`,
        'list() names those that there are.',
      );
    },
    import: async (name, file) => {
      const content = await decodePersonal(file, digest, 'import');
      await files.write(requireName(name, 'import'), file);
      return content;
    },
  };
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

function requireName(name: string, who: string): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  const expected = 'a name of up to 64 letters, digits, _, - and ., which begins with a letter or digit';
  throw problem('bad-argument', who, expected, `"${name}"`, 'Give another name.');
}
