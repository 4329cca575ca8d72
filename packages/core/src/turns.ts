/** One after the other, for what must not overlap. */

/** A queue: each call starts when those before it are settled, whether they went well or not. */
export function turns(): <T>(call: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (call) => {
    const answer = last.then(call);
    last = answer.catch(() => {});
    return answer;
  };
}
