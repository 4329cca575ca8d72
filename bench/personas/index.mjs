/**
 * Personas: populations of digits by one hand each, to correct from and to measure on. A persona's digits are fixed by the
 * seed: the same bytes in every run and on every machine.
 */

import { normalise } from '@denary/core';
import { createDataset, hash32, permutation, stream, subset } from '@denary/train';
import { hands } from './hands.mjs';
import { SIDE } from './ink.mjs';

export const personaNames = Object.keys(hands);

/** The digits as that hand writes them. */
export function written(digits, name, seed) {
  const hand = hands[name];
  const images = new Uint8Array(digits.images.length);
  const area = SIDE * SIDE;
  for (let i = 0; i < digits.count; i++) {
    const draw = (k) => hash32(seed, stream(name), i, k) / 2 ** 31 - 1;
    images.set(hand(digits.images.subarray(i * area, (i + 1) * area), digits.labels[i], draw), i * area);
  }
  return createDataset({ ...digits, name: `${digits.name}, ${name}`, images });
}

/** Optdigits as MNIST would show them: 8x8 counts of ink, enlarged eightfold, and normalised as any user's picture. */
export function enlarged(optdigits, name = optdigits.name) {
  const [from, scale, rim] = [8, 8, 8];
  const side = from * scale + 2 * rim;
  const images = new Uint8Array(optdigits.count * SIDE * SIDE);
  for (let i = 0; i < optdigits.count; i++) {
    const at = (x, y) => (x < 0 || y < 0 || x >= from || y >= from ? 0 : optdigits.images[(i * from + y) * from + x]);
    const data = new Uint8Array(side * side);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [sx, sy] = [(x - rim + 0.5) / scale - 0.5, (y - rim + 0.5) / scale - 0.5];
        const [left, top] = [Math.floor(sx), Math.floor(sy)];
        const [wx, wy] = [sx - left, sy - top];
        const above = at(left, top) * (1 - wx) + at(left + 1, top) * wx;
        const below = at(left, top + 1) * (1 - wx) + at(left + 1, top + 1) * wx;
        data[y * side + x] = Math.round(((above * (1 - wy) + below * wy) * 255) / 16);
      }
    }
    images.set(normalise({ data, width: side, height: side }).pixels, i * SIDE * SIDE);
  }
  return createDataset({ ...optdigits, name, images, height: SIDE, width: SIDE });
}

/** So many indices of each class, drawn by the seed. A larger draw begins with the smaller ones. */
export function drawEach({ labels, count, classes }, each, seed) {
  const left = new Array(classes).fill(each);
  const order = permutation(count, seed, stream('corrections'));
  return Array.from(order).filter((i) => left[labels[i]]-- > 0);
}

/** Two halves, drawn by the seed: to correct from, and held out. */
export function halves(dataset, seed) {
  const order = permutation(dataset.count, seed, stream('halves'));
  const middle = dataset.count >> 1;
  return { own: subset(dataset, order.subarray(0, middle)), held: subset(dataset, order.subarray(middle)) };
}
