/**
 * What the contestants share. Each is a process that is given a work order as JSON, and prints one JSON line for each batch
 * size of it (peers/measuring.py is this file for Python):
 *
 *     order  { task: 'training' | 'inference', system, batches, threads, seconds, warmup, limit, mode,
 *              image, slots, classes, count, model }
 *     line   { batch, milliseconds (the median step), p99, steps, peakMegabytes, versions } or { batch, error }
 */

export const readOrder = () => JSON.parse(process.argv[2]);

/**
 * Calls `step` for the order's seconds, after a warm-up; gives the milliseconds of a step in order, and the last loss. One
 * call may do several steps, as `stepsPerCall` says when it is told how long one takes.
 */
async function timeSteps({ task, seconds, warmup, limit }, step, stepsPerCall = () => 1) {
  const times = [];
  const warmUntil = performance.now() + seconds * 250;
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
 * `prepare` makes ready for a batch size and gives `step` and, where there is something to free, `close`, and where a call
 * of `step(count)` can do several steps, `stepsPerCall`. A size that would take longer than the limit, at the pace of the size before, is not tried.
 */
export async function race(order, prepare, versions) {
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
      const p99 = times[Math.round(0.99 * (times.length - 1))];
      const peakMegabytes = process.resourceUsage().maxRSS / 1024;
      print({ batch, milliseconds, p99, steps: times.length, peakMegabytes, versions });
    } catch (error) {
      print({ batch, error: `${error?.message ?? error}`.trim().split('\n')[0], versions });
    }
  }
  // Thread pools of some runtimes would keep the process alive.
  process.exit(0);
}

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
