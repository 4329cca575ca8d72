/** What the build writes into the code: versions, and the digests of the files that lie beside it. */

/** Which belong together. */
export interface Versions {
  /** Of this package. */
  readonly denary: string;
  readonly ort: string;
}

export type FileFacts = Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;

declare const DENARY_VERSIONS: Versions;
declare const DENARY_FILES: FileFacts;

/** The sources, which tests run, know of no files. */
export const versions: Versions =
  typeof DENARY_VERSIONS === 'undefined' ? { denary: 'source', ort: '' } : DENARY_VERSIONS;
/** By name, in hexadecimal, with their sizes. */
export const fileFacts: FileFacts = typeof DENARY_FILES === 'undefined' ? {} : DENARY_FILES;

/** Of the browser's cache; other versions' are deleted. */
export const cacheName = `denary-${versions.denary}-${versions.ort}`;
