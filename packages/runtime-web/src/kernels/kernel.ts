/** One step of a network as WebAssembly: what it needs in memory, and its code once it is known where that lies. */
import type { Code, Definition } from './assembler.js';

export interface Kernel {
  /** Weights as they are to lie in memory. */
  readonly constants: readonly Float32Array[];
  /** Floats of memory to work in. */
  readonly scratch?: number;
  /**
   * The function of (from, to), the addresses of what it reads and of where it writes; `addresses` are those of the constants, and
   * then of the scratch.
   */
  make(addresses: readonly number[]): { readonly definition: Definition; readonly body: Code };
}
