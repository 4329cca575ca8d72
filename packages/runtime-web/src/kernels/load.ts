/** Loads denary's own kernels, and tries a model on them. */

import type { DenaryError, Session } from '@denary/core';
import { versions } from '../build-facts.js';
import type { RemoteFile } from '../files.js';
import { importUrl } from '../runtime.js';
import { mixedVersions, whyNoScript } from '../script-problem.js';

/** Loaded by its address: the worker's own file would be twice as large with it. */
export type Kernels = typeof import('./asset.js');

/** What a session by the kernels needs. */
export interface KernelFiles {
  readonly file: RemoteFile;
  /** That of the helpers. */
  readonly worker: RemoteFile;
  /** Whether a model that they do not run is an error. */
  readonly required: boolean;
}

export async function loadKernels({ file }: KernelFiles): Promise<Kernels> {
  const kernels = await (importUrl(file.url) as Promise<Kernels>).catch(async (cause) => {
    throw await whyNoScript(file, cause);
  });
  const { denary } = kernels.versions;
  if (denary !== versions.denary) throw mixedVersions(file.url, versions.denary, denary);
  return kernels;
}

/** What `open` gives, or nothing for a model that the kernels do not run, where they need not. */
export async function whereKnown(
  { required }: KernelFiles,
  open: () => Promise<Session>,
): Promise<Session | undefined> {
  try {
    return await open();
  } catch (error) {
    const { code } = error as DenaryError;
    if (required || code !== 'unsupported-operator') throw error;
    return undefined;
  }
}
