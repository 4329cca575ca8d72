/** Long work that stops on its way, as a generator that yields where it may: who shares the thread must not be held up. */

/** Milliseconds of work after which others get their turn. */
export const PATIENCE = 4;
/** Pixels that are worked on in one go: some tenths of a millisecond. */
const BAND = 1 << 16;

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

/** Work on a picture's rows, from `top` to before `bottom`, band by band; all but the last one have a multiple of `step` rows. */
export function* inBands(
  width: number,
  height: number,
  work: (top: number, bottom: number) => void,
  step = 1,
): Work<void> {
  const rows = step * Math.max(1, Math.floor(BAND / width / step));
  for (let top = 0; top < height; top += rows) {
    work(top, Math.min(height, top + rows));
    yield;
  }
}
