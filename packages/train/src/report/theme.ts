/** The colours of the report, on light and on dark ground, as CSS custom properties; text on its ground has 4.5:1 or more. */

const light = {
  paper: '#ffffff',
  panel: '#f5f6f8',
  line: '#d3d8e0',
  ink: '#1b1f24',
  muted: '#59616d',
  accent: '#1d66c9',
  contrast: '#b8480b',
};

const dark: typeof light = {
  paper: '#14171c',
  panel: '#1d2128',
  line: '#3a414c',
  ink: '#e7eaee',
  muted: '#a6aebb',
  accent: '#79b4ff',
  contrast: '#ff9f62',
};

const properties = (colours: typeof light) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');

/** Of a page or of a picture of its own. On paper it is always light. */
export const themeCss = `:root{color-scheme:light dark;${properties(light)};color:var(--ink);background:var(--paper)}
@media screen and (prefers-color-scheme:dark){:root{${properties(dark)}}}`;

/** Marks of training data, or of what is right, and of validation data, or of what is wrong. */
export const ACCENT = 'var(--accent)';
export const CONTRAST = 'var(--contrast)';
export const MUTED = 'var(--muted)';

export type Rgb = readonly [number, number, number];

/** A colour for each digit, in pixels that know no theme: all of one lightness (OKLCH 0.62), 3:1 on either ground. */
const CLASS_COLOURS: readonly Rgb[] = [
  [218, 83, 79],
  [203, 103, 0],
  [163, 130, 7],
  [113, 149, 3],
  [15, 160, 92],
  [6, 153, 154],
  [8, 145, 201],
  [83, 127, 235],
  [151, 105, 220],
  [202, 84, 157],
];
const OTHER: Rgb = [128, 133, 141];
export const classColour = (label: number): Rgb => CLASS_COLOURS[label] ?? OTHER;

/** Below and above zero, likewise. */
export const NEGATIVE: Rgb = [217, 98, 31];
export const POSITIVE: Rgb = [54, 131, 230];

export const css = (colour: Rgb): string => `rgb(${colour.join(', ')})`;
