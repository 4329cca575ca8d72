/** Noise to work on, and the batches of it in a shuffled order: what every contestant is given, without a download. */

/** Raw images uint8 [count, height, width], labels int32 [count, slots], and a shuffled order to take them in. */
export function noise({ image: [height, width], slots, classes, count }) {
  const next = random();
  const images = new Uint8Array(count * height * width);
  for (let i = 0; i < images.length; i++) images[i] = next() >>> 24;
  const labels = new Int32Array(count * slots);
  for (let i = 0; i < labels.length; i++) labels[i] = Math.floor((next() / 2 ** 32) * classes);
  const places = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = next() % (i + 1);
    [places[i], places[j]] = [places[j], places[i]];
  }
  return { images, labels, places };
}

/** Numbers from 0 to 2^32 - 1: the linear congruential generator of Numerical Recipes. */
function random() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

/** Calls for batches of `batch` samples, for ever; their arrays are overwritten by the next call. */
export function batchesOf(order, { images, labels, places }, batch) {
  const { image, slots, count } = order;
  const area = image[0] * image[1];
  const out = { images: new Uint8Array(batch * area), labels: new Int32Array(batch * slots) };
  let at = 0;
  return () => {
    for (let i = 0; i < batch; i++) {
      const place = places[at + i];
      out.images.set(images.subarray(place * area, (place + 1) * area), i * area);
      for (let slot = 0; slot < slots; slot++) out.labels[i * slots + slot] = labels[place * slots + slot];
    }
    at = at + 2 * batch <= count ? at + batch : 0;
    return out;
  };
}

/** Calls for whole batches in the images' own order, as a view. */
export function rawBatches({ image, count }, { images }, batch) {
  const size = batch * image[0] * image[1];
  let at = 0;
  return () => {
    const view = images.subarray(at, at + size);
    at = at + 2 * size <= count * image[0] * image[1] ? at + size : 0;
    return view;
  };
}

/** Makes float32 pixels in 0..1 of raw ones. `Float32Array.from` with a function would take many times as long. */
export function scaled(pixels) {
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) out[i] = pixels[i] / 255;
  return out;
}
