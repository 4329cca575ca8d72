/** How a step is timed, in Node and in browsers alike. */

/**
 * Calls `step` for the order's seconds, after a warm-up; gives the milliseconds of a step in order, and the last loss. One
 * call may do several steps, as `stepsPerCall` says when it is told how long one takes.
 */
async function timeSteps(order, step, stepsPerCall = () => 1) {
  const { task, seconds, warmup, limit, warmSeconds = seconds / 4 } = order;
  const times = [];
  const warmUntil = performance.now() + warmSeconds * 1000;
  let one = Number.POSITIVE_INFINITY;
  for (let warmed = 0; warmed < warmup || (warmup > 0 && performance.now() < warmUntil); warmed++) {
    const start = performance.now();
    await step(1);
    one = Math.min(one, performance.now() - start);
  }
  const count = stepsPerCall(one);
  let result;
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  while (passed() < seconds || (times.length < 3 && passed() < limit / 10)) {
    const start = performance.now();
    result = await step(count);
    times.push((performance.now() - start) / count);
  }
  return { times: times.sort((a, b) => a - b), loss: task === 'training' ? result : 0 };
}

/**
 * Gives a line { batch, milliseconds (the median step), p99, steps } or { batch, error } for each batch size. `prepare`
 * makes ready for one and gives `step` and, where there is something to free, `close`, and where a call of `step(count)` can
 * do several steps, `stepsPerCall`. A size that would take longer than the limit, at the pace of the size before, is not tried.
 */
export async function* linesOf(order, prepare) {
  let expected = 0;
  for (const batch of order.batches) {
    try {
      if (expected * batch * (order.warmup + 1) > order.limit * 1000) {
        throw new Error(`a step would take about ${Math.round((expected * batch) / 1000)} s`);
      }
      const { step, stepsPerCall, close } = await prepare(batch);
      const { times, loss } = await timeSteps(order, step, stepsPerCall);
      if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`);
      await close?.();
      const milliseconds = times[times.length >> 1];
      expected = milliseconds / batch;
      yield { batch, milliseconds, p99: times[Math.round(0.99 * (times.length - 1))], steps: times.length };
    } catch (error) {
      yield { batch, error: `${error?.message ?? error}`.trim().split('\n')[0] };
    }
  }
}
