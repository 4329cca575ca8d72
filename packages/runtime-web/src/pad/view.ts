/** What a pad shows: the ink, sharp on every screen, boxes about the digits that were read, and the keyboard's pen. */

import type { Box, Reading } from '@denary/core';
import type { Drawing, Size } from './drawing.js';
import { boxInUnits, drawInk } from './ink.js';
import type { PadParts } from './template.js';

export class PadView {
  private readonly parts: PadParts;
  private readonly drawing: Drawing;
  private readonly penWidth: () => number;
  private readonly onFrame: () => void;
  private frame = 0;
  private digits: readonly { readonly text: string; readonly box: Box }[] = [];
  private pen: { readonly x: number; readonly y: number; readonly down: boolean } | undefined;
  private resolution: MediaQueryList | undefined;
  private readonly observer = new ResizeObserver(() => this.paint());
  private readonly refresh = () => this.connect();

  /** `onFrame` is called after each picture that `invalidate` asked for. */
  constructor(parts: PadParts, drawing: Drawing, penWidth: () => number, onFrame: () => void) {
    this.parts = parts;
    this.drawing = drawing;
    this.penWidth = penWidth;
    this.onFrame = onFrame;
    parts.canvas.addEventListener('transitionend', () => this.paint());
  }

  /** In CSS pixels. */
  get size(): Size {
    const { clientWidth, clientHeight } = this.parts.canvas;
    return { width: clientWidth, height: clientHeight };
  }

  /** Begins to follow the pad's size and the screen's resolution. */
  connect(): void {
    this.disconnect();
    this.observer.observe(this.parts.surface);
    this.resolution = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    this.resolution.addEventListener('change', this.refresh);
    this.paint();
  }

  disconnect(): void {
    this.observer.disconnect();
    this.resolution?.removeEventListener('change', this.refresh);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /** Shows what was read of a line, or nothing. */
  showReading(reading: Reading | null): void {
    const digits = reading?.lines.flatMap((line) => line.digits) ?? [];
    this.digits = digits.map(({ digit, rejected, box }) => ({
      text: rejected ? '?' : `${digit}`,
      box: boxInUnits(box),
    }));
    this.parts.boxes.replaceChildren(...this.digits.map(({ text }) => boxElement(text)));
    this.placeBoxes();
  }

  showPen(pen: { readonly x: number; readonly y: number; readonly down: boolean } | undefined): void {
    this.pen = pen;
    this.invalidate();
  }

  /** Asks for a new picture with the next frame. */
  invalidate(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
      this.onFrame();
    });
  }

  private paint(): void {
    const { canvas, surface, cursor } = this.parts;
    const { width, height } = this.size;
    if (width === 0 || height === 0) return;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d')!;
    context.strokeStyle = getComputedStyle(canvas).color;
    const scale = this.drawing.scaleOn(this.size);
    drawInk(context, this.drawing.all, scale * ratio, this.penWidth());
    surface.classList.toggle('inked', !this.drawing.blank);
    surface.classList.toggle('undoable', this.drawing.canUndo);
    surface.classList.toggle('drawing', this.drawing.current !== undefined);
    cursor.classList.toggle('used', this.pen !== undefined);
    cursor.classList.toggle('down', this.pen?.down === true);
    if (this.pen) Object.assign(cursor.style, { left: `${this.pen.x * scale}px`, top: `${this.pen.y * scale}px` });
    this.placeBoxes();
  }

  private placeBoxes(): void {
    const scale = this.drawing.scaleOn(this.size);
    for (const [i, { box }] of this.digits.entries()) {
      const { style } = this.parts.boxes.children[i] as HTMLElement;
      style.left = `${box.x * scale}px`;
      style.top = `${box.y * scale}px`;
      style.width = `${box.width * scale}px`;
      style.height = `${box.height * scale}px`;
    }
  }
}

function boxElement(text: string): HTMLElement {
  const element = document.createElement('div');
  element.setAttribute('part', 'box');
  element.dataset.digit = text;
  return element;
}
