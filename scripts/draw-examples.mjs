/**
 * Draws examples/images/digit-0.png to digit-9.png, as ten people might: other pens, papers, sizes, slants and places.
 * Run once, `node scripts/draw-examples.mjs`; the pictures are in the repository.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/** Page, pen and ink of each digit; `at` and `scale` put its box on the page. */
const digits = [
  { size: [280, 280], at: [86, 66], scale: 1.08, slant: -4, pen: 18, ink: '#000000', paper: '#ffffff' },
  { size: [150, 220], at: [22, 40], scale: 1, slant: -9, pen: 9, ink: '#1c3f94', paper: '#ffffff' },
  { size: [320, 240], at: [170, 30], scale: 1.15, slant: -6, pen: 13, ink: '#202020', paper: '#fdfbf3' },
  { size: [200, 200], at: [48, 24], scale: 1.02, slant: -5, pen: 14, ink: '#f4f4f0', paper: '#1f2a2e' },
  { size: [400, 400], at: [60, 110], scale: 1.5, slant: -2, pen: 11, ink: '#b3261e', paper: '#ffffff' },
  { size: [180, 180], at: [44, 22], scale: 0.96, slant: -7, pen: 12, ink: '#3c3c3c', paper: '#f2efe6' },
  { size: [240, 300], at: [24, 110], scale: 1.18, slant: -3, pen: 20, ink: '#126b3a', paper: '#ffffff' },
  { size: [170, 200], at: [36, 26], scale: 0.98, slant: -4, pen: 10, ink: '#46464e', paper: '#c9c6bd', photo: true },
  { size: [260, 260], at: [80, 50], scale: 1.1, slant: -6, pen: 11, ink: '#5a2ca0', paper: '#ffffff' },
  { size: [120, 160], at: [18, 18], scale: 0.84, slant: -4, pen: 9, ink: '#111111', paper: '#ffffff' },
];

/** The pen's way, as SVG paths in a box of 100 x 140. */
const strokes = [
  'M 60 8 C 22 0 -2 46 6 92 C 12 136 64 146 86 104 C 104 64 92 16 52 10 C 46 9 40 13 36 20',
  'M 30 36 C 42 28 52 16 59 4 C 57 48 52 94 51 138',
  'M 12 38 C 14 2 80 -8 82 34 C 84 70 36 100 8 132 C 26 118 44 124 60 131 C 74 136 86 134 96 124',
  'M 14 24 C 28 -4 84 -2 80 32 C 77 56 52 65 36 66 C 66 62 96 78 91 106 C 86 140 28 146 8 118',
  'M 54 6 C 42 38 26 66 6 90 C 36 93 66 90 98 85 M 76 44 C 75 76 70 108 67 140',
  'M 28 12 C 25 30 21 46 17 64 C 40 44 88 54 87 92 C 86 134 40 146 8 124 M 28 12 C 48 15 68 13 92 7',
  'M 78 6 C 40 18 9 62 10 102 C 12 142 76 146 83 108 C 87 74 40 66 15 104',
  'M 8 20 C 10 14 12 12 18 13 C 42 16 66 14 93 9 C 76 50 56 92 47 139',
  'M 78 24 C 58 -8 13 4 19 37 C 25 66 89 76 85 112 C 81 146 15 146 13 110 C 12 78 73 66 81 31 C 82 25 80 20 74 16',
  'M 83 30 C 64 -8 12 6 14 42 C 17 80 74 74 84 30 C 85 66 80 106 72 139',
];

function draw(digit) {
  const { size, at, scale, slant, pen, ink, paper } = digits[digit];
  const place = `translate(${at}) scale(${scale}) translate(50 70) skewX(${slant}) translate(-50 -70)`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}">
    <rect width="100%" height="100%" fill="${paper}"/>
    <path transform="${place}" d="${strokes[digit]}" fill="none" stroke="${ink}" stroke-width="${pen / scale}"
      stroke-linecap="round" stroke-linejoin="round"/>
  </svg>`;
  return sharp(Buffer.from(svg)).removeAlpha();
}

/** As a telephone would see it: out of focus, lit from one side, with a little grain. In grey. */
async function photograph(drawing, [width, height]) {
  const grey = await drawing.blur(0.8).greyscale().raw().toBuffer();
  let state = 1;
  const grain = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 24) % 5) - 2;
  };
  const photo = grey.map((level, i) => {
    const light = 1.06 - 0.22 * ((i % width) / width) - 0.12 * (Math.floor(i / width) / height);
    return 2 * Math.round((level * light + grain()) / 2);
  });
  return sharp(photo, { raw: { width, height, channels: 1 } }).toColourspace('b-w');
}

const folder = new URL('../examples/images/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [digit, { size, photo }] of digits.entries()) {
  const picture = photo ? await photograph(draw(digit), size) : draw(digit);
  await picture.png({ compressionLevel: 9 }).toFile(fileURLToPath(new URL(`digit-${digit}.png`, folder)));
}
