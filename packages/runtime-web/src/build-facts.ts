/** What the build writes into the code: versions, and the digests of the files that lie beside it. */

export interface BuildFacts {
  /** Of this package. */
  readonly version: string;
  /** Of onnxruntime-web. */
  readonly ort: string;
  /** By name, in hexadecimal, with their sizes. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

declare const DENARY_BUILD: BuildFacts;

/** The sources, which tests run, know of no files. */
export const buildFacts: BuildFacts =
  typeof DENARY_BUILD === 'undefined' ? { version: 'source', ort: '', files: {} } : DENARY_BUILD;
