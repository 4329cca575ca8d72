/** See packages.mjs. */

export function installPackages(manifest: string): Promise<string>;
