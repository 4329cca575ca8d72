/** The report's page: semantic HTML with everything inside, no script, and a policy that forbids it to load anything. */

import { type Content, type Html, html, raw } from './html.js';
import type { Picture } from './picture.js';
import { spritesCss } from './sprites.js';
import { themeCss } from './theme.js';

/** A file's name, and text or bytes. */
export type PictureFile = readonly [name: string, content: string | Uint8Array];

export interface Section {
  /** Unique in the page. */
  readonly id: string;
  readonly heading: string;
  readonly content: Content;
  /** Its pictures. */
  readonly files: readonly PictureFile[];
}

export type KeyFigure = readonly [name: string, value: string];

/** What one part of a report adds to it. */
export interface Part {
  readonly figures: readonly KeyFigure[];
  readonly sections: readonly Section[];
}

export interface Page extends Part {
  readonly title: string;
}

export function renderPage({ title, figures, sections }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="denary">
<title>${title}</title>
<style>${raw(themeCss + pageCss + spritesCss)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<dl class="figures">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<nav aria-label="Contents"><ul>${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, heading, content }) => html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${content}
</section>
`,
)}</main>
</body>
</html>
`.text;
}

export function figure({ svg }: Picture, caption: Content): Html {
  return html`<figure>${raw(svg)}<figcaption>${caption}</figcaption></figure>\n`;
}

export const grid = (content: Content): Html => html`<div class="grid">${content}</div>`;

/** The first cell of a row is its header. A wide table can be scrolled, by keyboard too. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([name = '', ...cells]) =>
    html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
)}</tbody></table></div>`;
}

export const percent = (share: number): string => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(2)}%`);

export const whole = (count: number): string => Math.round(count).toLocaleString('en');

const pageCss = `
*{box-sizing:border-box}
body{max-width:72rem;margin:0 auto;padding:1.5rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
p{max-width:44rem;margin:.5rem 0 1rem}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.25rem,1fr));gap:.75rem;margin:0}
.figures div{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
dt{color:var(--muted);font-size:.85rem}
dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1rem 0 0;padding:0}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.5rem;align-items:start}
figure{margin:0;min-width:0}
figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{color:var(--muted);font-size:.9rem;max-width:44rem;margin-top:.35rem}
.scroll{overflow-x:auto;margin-top:1rem}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;white-space:nowrap;color:var(--muted);font-size:.9rem;padding-bottom:.35rem}
th,td{padding:.25rem .9rem .25rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
th[scope=row]{text-align:left;font-weight:600}
th:first-child{text-align:left}
.settings td,.settings th{text-align:left;overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0}.grid{grid-template-columns:1fr 1fr}nav{display:none}figure,tr,.sprites li,.figures div{break-inside:avoid}h2{break-after:avoid}}
`;
