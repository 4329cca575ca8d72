/** Mouse, pen and finger on a surface: one of them draws at a time, and a pen before a hand that rests beside it. */

import type { StrokeTool } from './drawing.js';

export interface PointerDrawing {
  /** False where nothing may be drawn now. */
  begin(tool: StrokeTool): boolean;
  /** In CSS pixels from the canvas's top left. */
  extend(x: number, y: number, pressure: number, time: number): void;
  end(): void;
  cancel(): void;
}

/** A press on a button that moves further, in CSS pixels, was meant as a stroke: buttons on the surface are not in its way. */
const SLOP = 6;

/** Follows what happens on `surface` and on the buttons over it. Positions are those on `canvas`, whatever its zoom. */
export function followPointers(surface: HTMLElement, canvas: HTMLElement, drawing: PointerDrawing): void {
  const root = surface.parentNode as ShadowRoot;
  let active: PointerEvent | undefined;
  let pressed: PointerEvent | undefined;

  const add = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    const zoom = canvas.clientWidth / box.width;
    // Between two frames a pen is sampled several times.
    const samples = event.getCoalescedEvents?.() ?? [];
    for (const sample of samples.length > 0 ? samples : [event]) {
      const pressure = event.pointerType === 'pen' ? sample.pressure : 0.5;
      const [x, y] = [(sample.clientX - box.left) * zoom, (sample.clientY - box.top) * zoom];
      drawing.extend(x, y, pressure, sample.timeStamp);
    }
  };
  const start = (event: PointerEvent) => {
    if (!drawing.begin(toolOf(event))) return;
    active = event;
    surface.setPointerCapture(event.pointerId);
    add(event);
  };
  const stop = (how: 'end' | 'cancel') => {
    active = undefined;
    drawing[how]();
  };

  root.addEventListener('pointerdown', (down) => {
    const event = down as PointerEvent;
    if (event.button !== 0) return;
    if (active) {
      // A hand that rests beside the pen.
      if (active.pointerType !== 'touch' || event.pointerType !== 'pen') return;
      stop('cancel');
    }
    if ((event.target as Element).closest('button')) pressed = event;
    else start(event);
  });
  root.addEventListener('pointermove', (moved) => {
    const event = moved as PointerEvent;
    if (event.pointerId === pressed?.pointerId && distance(event, pressed) > SLOP) {
      start(pressed);
      pressed = undefined;
    }
    if (event.pointerId === active?.pointerId) add(event);
  });
  root.addEventListener('pointerup', (up) => {
    const event = up as PointerEvent;
    pressed = undefined;
    if (event.pointerId !== active?.pointerId) return;
    // A pen that is lifted presses no more.
    if (event.pointerType !== 'pen') add(event);
    stop('end');
  });
  root.addEventListener('pointercancel', (lost) => {
    pressed = undefined;
    if ((lost as PointerEvent).pointerId === active?.pointerId) stop('cancel');
  });
}

const distance = (a: PointerEvent, b: PointerEvent) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

const toolOf = ({ pointerType }: PointerEvent): StrokeTool =>
  pointerType === 'pen' || pointerType === 'touch' ? pointerType : 'mouse';
