/**
 * A GPU in software for tests: SwiftShader, which Chromium's packages bring with a Vulkan loader. Processes that are started
 * after `useSwiftShader` compute on it; the loader is looked for when a process starts, so that this one cannot.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/usr/lib64/chromium-browser', '/opt/google/chrome'];

/** Gives the reason where it cannot be had. A driver that is named by VK_DRIVER_FILES already is taken instead. */
export function useSwiftShader(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'SwiftShader is looked for on Linux x64 only';
  if (process.env.VK_DRIVER_FILES) return undefined;
  const folder = folders.find((path) => existsSync(join(path, 'vk_swiftshader_icd.json')));
  if (!folder) return `no vk_swiftshader_icd.json in ${folders.join(', ')}: install Chromium`;
  const driver = join(folder, 'vk_swiftshader_icd.json');
  process.env.VK_DRIVER_FILES = driver;
  process.env.VK_ICD_FILENAMES = driver;
  process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return undefined;
}
