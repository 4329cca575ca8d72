/**
 * A gate that a worker thread goes through for each run. Node ends worker threads when the process exits, also by
 * process.exit() or an uncaught error, and a thread that is ended inside ONNX Runtime aborts the whole process. So the
 * way out waits for the run under way, and lets no other one begin.
 */

const OPEN = 0;
const RUNNING = 1;
const SHUT = 2;

/** Milliseconds of one thread's run that are waited for at exit. */
const PATIENCE = 10_000;

export type Gate = Int32Array<SharedArrayBuffer>;

export const createGate = (): Gate => new Int32Array(new SharedArrayBuffer(4));

/** Does work that must not be cut off, in the worker. Where the gate is shut, it never settles: the thread is to be ended. */
export async function pass<T>(gate: Gate, work: () => Promise<T>): Promise<T> {
  if (Atomics.compareExchange(gate, 0, OPEN, RUNNING) === SHUT) return new Promise<never>(() => {});
  try {
    return await work();
  } finally {
    Atomics.store(gate, 0, OPEN);
    Atomics.notify(gate, 0);
  }
}

const guarded = new Set<Gate>();

function shutAll(): void {
  for (const gate of guarded) shut(gate);
}

/** Waits for the run under way, and shuts the gate behind it. */
export function shut(gate: Gate): void {
  const end = Date.now() + PATIENCE;
  while (Atomics.compareExchange(gate, 0, OPEN, SHUT) === RUNNING) {
    if (Atomics.wait(gate, 0, RUNNING, Math.max(0, end - Date.now())) === 'timed-out') return;
  }
}

/** Has the gate shut when the process exits, until what it gives is called. */
export function guardExit(gate: Gate): () => void {
  if (guarded.size === 0) process.on('exit', shutAll);
  guarded.add(gate);
  return () => {
    if (guarded.delete(gate) && guarded.size === 0) process.off('exit', shutAll);
  };
}
