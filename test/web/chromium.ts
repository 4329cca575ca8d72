/** The browser of the tests, looked for once, before they start. */
import { describe, it } from 'vitest';
import { findChromium } from './find-chromium.mjs';

/** Puts the browser's path, or the reason why there is none, into the environment of the tests' processes. */
export async function provideChromium(): Promise<void> {
  try {
    process.env.DENARY_CHROMIUM = await findChromium();
  } catch (error) {
    process.env.DENARY_NO_CHROMIUM = (error as Error).message;
  }
}

/** Tests that want a browser; where there is none, one skipped test tells why. */
export function describeInBrowser(name: string, tests: () => void): void {
  const missing = process.env.DENARY_NO_CHROMIUM;
  if (missing) describe(name, () => it.skip(missing, () => {}));
  else describe(name, tests);
}
