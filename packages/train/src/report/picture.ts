/**
 * Pictures as SVG, drawn by Observable Plot: into the browser's document, or where there is none into linkedom's. Colours are
 * custom properties, so that one picture serves both themes.
 */

import * as Plot from '@observablehq/plot';
import { themeCss } from './theme.js';

export interface Picture {
  readonly name: string;
  /** What is to be seen, for those who do not see it. */
  readonly alt: string;
  /** For a page that has the theme's colours. */
  readonly svg: string;
}

export type Draw = (name: string, alt: string, options: Plot.PlotOptions) => Picture;

type Svg = ReturnType<typeof Plot.plot>;

export async function createDraw(): Promise<Draw> {
  const { document, textOf } = await findDocument();
  return (name, alt, options) => {
    const svg = Plot.plot({ document, ariaLabel: alt, style: { fontSize: '12px' }, ...options });
    svg.setAttribute('role', 'img');
    svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    return { name, alt, svg: textOf(svg) };
  };
}

/** The picture as a file of its own: its name, and the SVG with the theme in it. */
export const svgFile = ({ name, svg }: Picture) =>
  [`${name}.svg`, svg.replace('>', `><style>${themeCss}</style>`)] as const;

async function findDocument(): Promise<{
  document: NonNullable<Plot.PlotOptions['document']>;
  textOf(svg: Svg): string;
}> {
  const { document, XMLSerializer } = globalThis as Partial<Browser>;
  if (document && XMLSerializer) return { document, textOf: (svg) => new XMLSerializer().serializeToString(svg) };
  const { DOMParser } = await import('linkedom');
  const empty = new DOMParser().parseFromString('<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml');
  return { document: empty as unknown as Browser['document'], textOf: (svg) => svg.toString() };
}

/** What a browser has, as far as it is used here: the package is compiled without the types of the DOM. */
interface Browser {
  readonly document: NonNullable<Plot.PlotOptions['document']>;
  readonly XMLSerializer: new () => { serializeToString(svg: Svg): string };
}
