/** What can be seen of this machine without starting a GPU driver: whether there is a GPU, and what its providers need. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { env, listSupportedBackends } from 'onnxruntime-node';

/** What a diagnosis goes by. */
export interface Machine {
  /** As in `process.platform` and `process.arch`: `linux x64`. */
  readonly platform: string;
  /** Devices that onnxruntime-node's build for this platform has or can be given. */
  readonly built: readonly string[];
  /** Whether something that looks like a GPU is here. True where one cannot be looked for. */
  readonly gpu: boolean;
  /** Whether an NVIDIA driver is loaded, or WSL has one. */
  readonly nvidia: boolean;
  /** Whether the CUDA provider's library is installed. */
  readonly cudaProvider: boolean;
  /** The shared libraries that it wants and the system's loader does not find, by name. */
  readonly cudaMissing: readonly string[];
  /** The script that downloads it. */
  readonly cudaInstaller: string;
}

const ortFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));

export function thisMachine(): Machine {
  const { platform, arch } = process;
  const provider = join(ortFolder, 'bin/napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
  const installed = existsSync(provider);
  return {
    platform: `${platform} ${arch}`,
    built: listSupportedBackends().map(({ name }) => name),
    gpu: platform !== 'linux' || linuxGpu(),
    nvidia: ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg'].some((path) => existsSync(path)),
    cudaProvider: installed,
    cudaMissing: installed ? missingLibraries(provider) : [],
    cudaInstaller: join(ortFolder, 'script/install.js'),
  };
}

/** A GPU's device file, or a Vulkan driver that somebody names: a software one, say, for tests. */
function linuxGpu(): boolean {
  if (process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES) return true;
  if (existsSync('/dev/nvidia0') || existsSync('/dev/dxg')) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}

function missingLibraries(path: string): string[] {
  try {
    const listed = execFileSync('ldd', [path], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    return [...new Set([...listed.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]!))];
  } catch {
    // Without ldd, ONNX Runtime's own message names the first of them.
    return [];
  }
}

/** The machine in words, for a report of a bug. */
export function describeMachine() {
  const [cpu] = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    system: systemName(),
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    /** Bytes. */
    memory: totalmem(),
    ...nvidiaDriver(),
    versions: runtimeVersions(),
  };
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? release();
  } catch {
    return release();
  }
}

function nvidiaDriver(): { nvidiaDriver?: string } {
  try {
    const version = /Kernel Module.*?\s(\d+\.[\d.]+)/.exec(readFileSync('/proc/driver/nvidia/version', 'utf8'))?.[1];
    return version ? { nvidiaDriver: version } : {};
  } catch {
    return {};
  }
}

/** The versions of what runs the models, for a manifest. */
export const runtimeVersions = (): Record<string, string> => ({
  'onnxruntime-node': env.versions.node ?? env.versions.common,
  node: process.versions.node,
});
