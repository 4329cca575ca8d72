/** Tests that want the software GPU; where it is missing, one skipped test tells why. */
import { describe, it } from 'vitest';

export function describeOnGpu(name: string, tests: () => void): void {
  const missing = process.env.DENARY_NO_GPU;
  if (missing) describe(name, () => it.skip(missing, () => {}));
  else describe(name, tests);
}
