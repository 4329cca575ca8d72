/** What a pad is made of: its shadow tree and its looks. The parts' names and the variables are for pages to style it by. */

const style = `
:host {
  --ink: var(--denary-pad-ink, #16181d);
  --paper: var(--denary-pad-paper, #fff);
  --line: var(--denary-pad-line, #d9dce3);
  --accent: var(--denary-pad-accent, #3657d6);
  --muted: var(--denary-pad-muted, #5f6673);
  --radius: var(--denary-pad-radius, 16px);
  display: inline-block; position: relative; box-sizing: border-box;
  inline-size: 20rem; max-inline-size: 100%; aspect-ratio: 1;
  font: 500 .875rem/1.4 system-ui, sans-serif;
}
:host([mode=line]) { inline-size: 40rem; aspect-ratio: 5 / 2 }
:host([hidden]) { display: none }
:host(:disabled) { opacity: .6 }
:host(:disabled) [part=tools] { display: none }
@media (prefers-color-scheme: dark) {
  :host {
    --ink: var(--denary-pad-ink, #f2f3f5);
    --paper: var(--denary-pad-paper, #17191e);
    --line: var(--denary-pad-line, #343842);
    --accent: var(--denary-pad-accent, #93a8ff);
    --muted: var(--denary-pad-muted, #a0a7b4);
  }
}
[part=surface] {
  position: absolute; inset: 0; overflow: hidden; cursor: crosshair;
  background: var(--paper); border: 1px solid var(--line); border-radius: var(--radius);
}
[part=surface], button {
  touch-action: none; user-select: none; -webkit-user-select: none; -webkit-touch-callout: none;
  -webkit-tap-highlight-color: transparent;
}
[part=surface]:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px }
:host(:disabled) [part=surface] { cursor: not-allowed }
/* The transition is there to be heard of: canvases do not follow a change of colour by themselves. */
canvas { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; color: var(--ink); transition: color 1ms }
[part=hint], [part=boxes], [part=cursor] { position: absolute; pointer-events: none }
[part=hint] { inset: 0; display: grid; place-items: center; color: var(--muted); transition: opacity .2s }
.inked [part=hint] { opacity: 0 }
[part=boxes] { inset: 0 }
[part=box] { position: absolute; border: 1.5px solid var(--accent); border-radius: 6px; color: var(--accent) }
[part=box]::after {
  content: attr(data-digit); position: absolute; inset-block-end: 100%; inset-inline-start: 0; padding: 0 2px;
  font-weight: 600; font-variant-numeric: tabular-nums;
}
[part=cursor] {
  inline-size: 18px; block-size: 18px; margin: -10px; border: 2px solid var(--accent); border-radius: 50%; display: none;
}
[part=cursor].down { background: var(--accent) }
[part=surface]:focus [part=cursor].used { display: block }
[part=tools] {
  position: absolute; inset-block-start: 8px; inset-inline-end: 8px; display: flex; gap: 4px; transition: opacity .2s;
}
[part=surface]:not(.inked) + * > [part~=clear], [part=surface]:not(.undoable) + * > [part~=undo] { display: none }
.drawing + [part=tools] { opacity: .25; pointer-events: none }
button {
  display: grid; place-items: center; inline-size: 40px; block-size: 40px; padding: 0; border: 0; border-radius: 50%;
  background: transparent; color: var(--muted); font: inherit; cursor: pointer;
}
button:hover { color: var(--ink); background: color-mix(in srgb, var(--ink) 8%, transparent) }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px }
svg { inline-size: 20px; block-size: 20px; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round }
[part=status], #keys { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (prefers-reduced-motion: reduce) { [part=hint], [part=tools] { transition: none } }
@media (forced-colors: active) { canvas { color: CanvasText } [part=surface] { background: Canvas; border-color: CanvasText } }
`;

const html = `
<div part="surface" role="application" aria-roledescription="drawing pad" tabindex="0" aria-describedby="keys">
  <div part="hint" aria-hidden="true"><slot name="hint"></slot></div>
  <canvas part="canvas" aria-hidden="true"></canvas>
  <div part="boxes" aria-hidden="true"></div>
  <div part="cursor" aria-hidden="true"></div>
</div>
<div part="tools">
  <button type="button" part="button undo" aria-label="Undo" title="Undo">
    <slot name="undo"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3"/></svg></slot>
  </button>
  <button type="button" part="button clear" aria-label="Clear" title="Clear">
    <slot name="clear"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18"/></svg></slot>
  </button>
</div>
<div part="status" role="status" aria-live="polite" aria-atomic="true"></div>
<div id="keys"><slot name="keys">Draw with mouse, pen or finger. By keyboard: arrow keys move the pen, Space puts it down or lifts it,
  Control Z takes a stroke back, Delete clears.</slot></div>
`;

export interface PadParts {
  readonly surface: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly boxes: HTMLElement;
  readonly cursor: HTMLElement;
  readonly undo: HTMLButtonElement;
  readonly clear: HTMLButtonElement;
  readonly status: HTMLElement;
}

let sheet: CSSStyleSheet | undefined;

/** Fills a pad's shadow root. Its style sheet is made in script, which strict content policies allow. */
export function fillPad(root: ShadowRoot): PadParts {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
  }
  root.adoptedStyleSheets = [sheet];
  root.innerHTML = html;
  const part = <E extends HTMLElement>(name: string) => root.querySelector<E>(`[part~=${name}]`)!;
  return {
    surface: part('surface'),
    canvas: part<HTMLCanvasElement>('canvas'),
    boxes: part('boxes'),
    cursor: part('cursor'),
    undo: part<HTMLButtonElement>('undo'),
    clear: part<HTMLButtonElement>('clear'),
    status: part('status'),
  };
}
