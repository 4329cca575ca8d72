/**
 * What the contestants share. Each is a process that is given a work order as JSON, and prints one JSON line for each batch
 * size of it (peers/measuring.py is this file for Python):
 *
 *     order  { task: 'training' | 'inference' | 'browser', system, batches, threads, seconds, warmup, warmSeconds, limit,
 *              mode, image, slots, classes, count, model }
 *     line   { batch, milliseconds (the median step), p99, steps, peakMegabytes, versions } or { batch, error }
 */
import { linesOf } from './timing.mjs';

export const readOrder = () => JSON.parse(process.argv[2]);

/** Prints what `linesOf` gives. */
export async function race(order, prepare, versions) {
  for await (const line of linesOf(order, prepare)) {
    print({ ...line, peakMegabytes: process.resourceUsage().maxRSS / 1024, versions });
  }
  // Thread pools of some runtimes would keep the process alive.
  process.exit(0);
}

export const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
