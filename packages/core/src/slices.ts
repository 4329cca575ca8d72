/** Long work that stops on its way, as a generator that yields where it may: a page's main thread must not be held. */

/** Milliseconds of work after which others get their turn. */
const PATIENCE = 8;

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
