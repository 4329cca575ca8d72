/** Long work that stops on its way, as a generator that yields where it may: who shares the thread must not be held up. */

/** Milliseconds of work after which others get their turn. */
export const PATIENCE = 4;
export type Work<T> = Generator<void, T>;

/** All of it at once, for those who may block. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** All of it in slices; `pause` settles when others have had their turn. */
export async function inSlices<T>(work: Work<T>, pause: () => Promise<void>): Promise<T> {
  for (let began = Date.now(); ; ) {
    const { done, value } = work.next();
    if (done) return value;
    if (Date.now() - began < PATIENCE) continue;
    await pause();
    began = Date.now();
  }
}
