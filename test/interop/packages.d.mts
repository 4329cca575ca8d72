export function installPackages(manifest: string): Promise<string>;
