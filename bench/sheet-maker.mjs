/**
 * Sheets of handwriting made from single digits, seeded, with the place of every digit known: rows of digits in many sizes
 * and slants on white paper, under uneven light, in a shadow, on lined or squared paper, in chalk, touching, and as a photo
 * in which much of that comes together.
 */

import sharp from 'sharp';

const FIELD = 28;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const smooth = (t) => t * t * (3 - 2 * t);

/** mulberry32: uniform in [0, 1). */
function randomOf(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What differs between the kinds of sheets. */
export const kinds = {
  clean: { about: 'dark ink on white paper' },
  light: { about: 'light that falls off by 65%', light: 0.65, grain: 3 },
  shadow: { about: 'a shadow that takes half of the light', light: 0.3, shadow: 0.5, grain: 3 },
  noise: { about: "a camera's grain of 10 grey levels, and 150 specks of dust", grain: 10, dust: 150 },
  lined: { about: 'lined paper', rules: 'lined', grain: 2 },
  squared: { about: 'squared paper', rules: 'squared', grain: 2 },
  skew: { about: 'lines that slope by 3 to 6 degrees', skew: 0.105, leastSkew: 0.5, grain: 2 },
  board: { about: 'chalk on a dark board', board: true, light: 0.3, grain: 3 },
  touching: { about: 'three digits in ten touch the one before', touching: 0.3 },
  photo: {
    about: 'lined paper on a desk, in half a shadow, keystoned, blurred, grainy, as a JPEG of quality 75',
    light: 0.5,
    shadow: 0.4,
    rules: 'lined',
    grain: 4,
    desk: true,
    skew: 0.05,
    touching: 0.05,
    dust: 30,
    keystone: 0.08,
    blur: 0.8,
  },
};

/**
 * A sheet of a kind: `image` in grey, and its `lines` of `{ text, digits: [{ digit, box, touching, alone }] }`, where
 * `alone` is the same drawing on white paper of its own. `data` is a data set of
 * 28x28 digits; the same seed gives the same sheet.
 */
export function makeSheet(data, kind, seed, { width = 1400, height = 1000 } = {}) {
  const random = randomOf(seed);
  const between = (low, high) => low + (high - low) * random();
  const options = kinds[kind];
  const page = { width, height, ink: new Float32Array(width * height) };
  const style = {
    size: between(36, 84),
    slant: between(-0.1, 0.25),
    skew: skewOf(options, random),
    gap: between(0.12, 0.45),
    ink: options.board ? between(0.55, 0.95) : between(0.15, 0.5),
  };
  const margin = options.desk ? 0.14 : 0.06;
  const area = {
    left: margin * width,
    right: (1 - margin) * width,
    top: margin * height,
    bottom: (1 - margin) * height,
  };
  const drift = Math.abs(style.skew) * (area.right - area.left);
  const pitch = style.size * between(1.5, 2.1);
  const lines = [];
  for (let y = area.top + style.size + drift / 2; y < area.bottom - drift / 2; y += pitch) {
    const line = writeLine(page, data, y, area, style, options, random);
    if (line.digits.length > 0) lines.push(line);
  }
  const image = render(page, options, style, pitch, random);
  return { kind, seed, image, lines };
}

/** A sheet as the camera gives it: `source` is raw pixels, or a photo's JPEG bytes, and the boxes lie where the digits are now. */
export async function takePicture({ image, lines, kind, ...sheet }) {
  const { keystone, blur } = kinds[kind];
  if (!keystone) return { ...sheet, kind, lines, source: image };
  const { width, height, channels } = image;
  const middle = width / 2;
  const widening = (y) => 1 - keystone / 2 + (keystone * y) / height;
  const data = new Uint8Array(width * height);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const from = clamp(middle + (x - middle) / widening(y), 0, width - 1.001);
      const first = y * width + Math.floor(from);
      const part = from - Math.floor(from);
      data[p] = image.data[first] * (1 - part) + image.data[first + 1] * part + 0.5;
    }
  }
  const moved = (box) => {
    const at = (x) => [box.y, box.y + box.height].map((y) => middle + (x - middle) * widening(y));
    const [left, right] = [Math.min(...at(box.x)), Math.max(...at(box.x + box.width))];
    return { ...box, x: left, width: right - left };
  };
  const source = await sharp(data, { raw: { width, height, channels } }).blur(blur).jpeg({ quality: 75 }).toBuffer();
  const seen = lines.map(({ digits, ...line }) => ({
    ...line,
    digits: digits.map(({ box, ...digit }) => ({ ...digit, box: moved(box) })),
  }));
  return { ...sheet, kind, lines: seen, source };
}

function skewOf({ skew = 0.03, leastSkew = 0 }, random) {
  const turn = 2 * random() - 1;
  return skew * Math.sign(turn) * (leastSkew + (1 - leastSkew) * Math.abs(turn));
}

function writeLine(page, data, y, area, style, { touching = 0 }, random) {
  const between = (low, high) => low + (high - low) * random();
  const slope = style.skew + between(-0.008, 0.008);
  const digits = [];
  const right = new Float64Array(page.height).fill(Number.NEGATIVE_INFINITY);
  let left = area.left + between(0, 2) * style.size;
  const count = Math.round(between(3, 16));
  for (let i = 0; i < count; i++) {
    const index = Math.floor(random() * data.count);
    const glyph = drawGlyph(data, index, style, random);
    const touches = digits.length > 0 && random() < touching;
    const gap = touches ? -between(0.5, 2) : style.size * style.gap * between(0.6, 1.8) + 3;
    const bottom = Math.round(y + slope * (left - page.width / 2) + style.size * between(-0.08, 0.08));
    const x = placeBeside(glyph, right, bottom, gap, left);
    if (x + glyph.width > area.right || bottom > page.height || bottom - glyph.height < 0) break;
    stamp(page, glyph, x, bottom - glyph.height, right);
    const box = { x, y: bottom - glyph.height, width: glyph.width, height: glyph.height };
    if (touches) digits.at(-1).touching = true;
    digits.push({ digit: data.labels[index], box, touching: touches, alone: drawAlone(glyph) });
    left = x + glyph.width * 0.5;
  }
  return { text: digits.map(({ digit }) => digit).join(''), digits };
}

/** The digit's coverage in 0..1, cropped to where it is at least a half. */
function drawGlyph({ images }, index, style, random) {
  const between = (low, high) => low + (high - low) * random();
  const source = images.subarray(index * FIELD * FIELD, (index + 1) * FIELD * FIELD);
  const pixel = (x, y) => (x < 0 || y < 0 || x >= FIELD || y >= FIELD ? 0 : source[y * FIELD + x]);
  const rows = Array.from({ length: FIELD }, (_, y) => y).filter((y) =>
    source.subarray(y * FIELD, (y + 1) * FIELD).some((level) => level > 127),
  );
  const columns = Array.from({ length: FIELD }, (_, x) => x).filter((x) => rows.some((y) => pixel(x, y) > 127));
  const tall = Math.max(rows.at(-1) - rows[0] + 1, 0.8 * (columns.at(-1) - columns[0] + 1));
  const scale = (style.size * between(0.85, 1.15)) / tall;
  const [slant, angle] = [style.slant + between(-0.06, 0.06), between(-0.06, 0.06)];
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const side = Math.ceil(FIELD * scale * 1.6);
  const sharp = Math.max(1, scale / 1.5);
  const coverage = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const dy = (y - side / 2) / scale;
      const dx = (x - side / 2) / scale + slant * dy;
      const [u, v] = [cosine * dx + sine * dy + 13.5, cosine * dy - sine * dx + 13.5];
      const [u0, v0] = [Math.floor(u), Math.floor(v)];
      const above = pixel(u0, v0) * (u0 + 1 - u) + pixel(u0 + 1, v0) * (u - u0);
      const below = pixel(u0, v0 + 1) * (u0 + 1 - u) + pixel(u0 + 1, v0 + 1) * (u - u0);
      const level = (above * (v0 + 1 - v) + below * (v - v0)) / 255;
      coverage[y * side + x] = clamp((level - 0.5) * sharp + 0.5, 0, 1);
    }
  }
  return crop(coverage, side);
}

/** The glyph's box is that of its parts of at least 5% of its ink: MNIST has its own dust. */
function crop(coverage, side) {
  const parts = [];
  const seen = new Uint8Array(side * side);
  for (let seed = 0; seed < seen.length; seed++) {
    if (seen[seed] || coverage[seed] < 0.5) continue;
    const part = [seed];
    seen[seed] = 1;
    for (const p of part) {
      for (const q of [-side - 1, -side, -side + 1, -1, 1, side - 1, side, side + 1].map((step) => p + step)) {
        if (seen[q] || !(coverage[q] >= 0.5)) continue;
        seen[q] = 1;
        part.push(q);
      }
    }
    parts.push(part);
  }
  const ink = parts.reduce((sum, part) => sum + part.length, 0);
  const main = parts.filter((part) => part.length >= 0.05 * ink).flat();
  const [columns, rows] = [main.map((p) => p % side), main.map((p) => Math.floor(p / side))];
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  const [width, height] = [Math.max(...columns) - left + 1, Math.max(...rows) - top + 1];
  return { coverage, side, left, top, width, height };
}

/** The glyph on white paper of its own. */
function drawAlone({ coverage, side }) {
  return { data: Uint8Array.from(coverage, (level) => 255 - 255 * level), width: side, height: side, channels: 1 };
}

/** As far left as leaves the gap to what stands there, in every row and those next to it. */
function placeBeside({ coverage, side, left, top, width, height }, right, bottom, gap, least) {
  let x = least;
  for (let row = 0; row < height; row++) {
    let first = 0;
    while (first < width && coverage[(top + row) * side + left + first] < 0.5) first++;
    if (first === width) continue;
    for (let near = -2; near <= 2; near++)
      x = Math.max(x, (right[bottom - height + row + near] ?? 0) + 1 + gap - first);
  }
  return Math.round(x);
}

function stamp(page, { coverage, side, left, top, width }, x, y, right) {
  for (let v = 0; v < side; v++) {
    for (let u = 0; u < side; u++) {
      const level = coverage[v * side + u];
      const [px, py] = [x + u - left, y + v - top];
      if (level === 0 || px < 0 || py < 0 || px >= page.width || py >= page.height) continue;
      const p = py * page.width + px;
      page.ink[p] = Math.max(page.ink[p], level);
      if (level >= 0.5 && u - left < width) right[py] = Math.max(right[py], px);
    }
  }
}

/** Light falls on paper with rules and ink; the camera adds grain. */
function render({ width, height, ink }, options, style, pitch, random) {
  const between = (low, high) => low + (high - low) * random();
  const light = lightOf(options, width, height, random);
  const rule = rulesOf(options, pitch, random);
  const texture = valueNoise(random, 24);
  const desk = options.desk ? deskOf(width, height, random) : (_x, _y, paper) => paper;
  const [paper, contrast, softness] = [options.board ? 0.16 : 0.96, style.ink, options.grain ?? 0];
  for (let i = 0; i < (options.dust ?? 0); i++) {
    const [x, y] = [Math.floor(between(0, width - 3)), Math.floor(between(0, height - 3))];
    for (const p of [0, 1, width, width + 1]) ink[y * width + x + p] = Math.max(ink[y * width + x + p], 0.6);
  }
  const data = new Uint8Array(width * height);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const ground = desk(x, y, paper * rule(x, y)) * (1 + 0.02 * texture(x, y));
      const reflected = options.board
        ? ground + (contrast - ground) * ink[p] * (0.85 + 0.3 * random())
        : ground * (1 - ink[p] * (1 - contrast));
      // The sum of three uniform numbers is near enough to normal.
      const grain = softness * 2 * (random() + random() + random() - 1.5);
      data[p] = clamp(Math.round(255 * reflected * light(x, y) + grain), 0, 255);
    }
  }
  return { data, width, height, channels: 1 };
}

function lightOf({ light = 0, shadow = 0 }, width, height, random) {
  const between = (low, high) => low + (high - low) * random();
  const [angle, edge] = [between(0, 2 * Math.PI), between(0, 2 * Math.PI)];
  const [lampX, lampY] = [between(0, width), between(0, height)];
  const [place, blur] = [between(-0.2, 0.2) * width, between(4, 80)];
  const reach = Math.hypot(width, height);
  return (x, y) => {
    const [u, v] = [x - width / 2, y - height / 2];
    const across = 0.5 + (u * Math.cos(angle) + v * Math.sin(angle)) / reach;
    const away = Math.hypot(x - lampX, y - lampY) / reach;
    const dark = clamp((u * Math.cos(edge) + v * Math.sin(edge) - place) / blur + 0.5, 0, 1);
    return (1 - light * (0.6 * across + 0.4 * away * away)) * (1 - shadow * smooth(dark));
  };
}

/** Printed rules: how much light they leave. */
function rulesOf({ rules }, pitch, random) {
  if (!rules) return () => 1;
  const between = (low, high) => low + (high - low) * random();
  const period = rules === 'lined' ? pitch : pitch / 2;
  const [left, thick, slope, phase] = [between(0.5, 0.85), between(1.2, 3), between(-0.02, 0.02), between(0, period)];
  const covers = (at) => {
    const off = (((at + phase) % period) + period) % period;
    return clamp(thick / 2 + 0.5 - Math.min(off, period - off), 0, 1);
  };
  return (x, y) => {
    const across = covers(y - slope * x);
    return 1 - (1 - left) * (rules === 'lined' ? across : Math.max(across, covers(x + slope * y)));
  };
}

/** The sheet lies on a darker desk, a little turned. */
function deskOf(width, height, random) {
  const between = (low, high) => low + (high - low) * random();
  const edges = Array.from({ length: 4 }, () => [between(0.02, 0.09), between(-0.02, 0.02)]);
  const grey = between(0.25, 0.6);
  return (x, y, paper) => {
    const [u, v] = [x / width, y / height];
    const inside = [u, v, 1 - u, 1 - v].map((at, i) => at - edges[i][0] - edges[i][1] * (i % 2 === 0 ? v : u));
    return grey + (paper - grey) * clamp(Math.min(...inside) * 400, 0, 1);
  };
}

/** Smooth noise in -1..1 of the given wavelength. */
function valueNoise(random, wavelength) {
  const lattice = Float32Array.from({ length: 64 * 64 }, () => 2 * random() - 1);
  const at = (x, y) => lattice[((y & 63) << 6) | (x & 63)];
  return (x, y) => {
    const [u, v] = [x / wavelength, y / wavelength];
    const [u0, v0] = [Math.floor(u), Math.floor(v)];
    const [s, t] = [smooth(u - u0), smooth(v - v0)];
    const above = at(u0, v0) * (1 - s) + at(u0 + 1, v0) * s;
    const below = at(u0, v0 + 1) * (1 - s) + at(u0 + 1, v0 + 1) * s;
    return above * (1 - t) + below * t;
  };
}
