/** Runs in the page: times the contestant that the order names, and hands its lines to `print`. */
import { noise } from '/bench/noise.mjs';
import { linesOf } from '/bench/timing.mjs';
import * as contestants from './contestants.mjs';

globalThis.run = async (order) => {
  const contestant = Object.entries(contestants).find(([name]) => name === order.mode)[1];
  const { prepare, versions } = await contestant(order, noise(order));
  for await (const line of linesOf(order, prepare)) await globalThis.print({ ...line, versions });
};
