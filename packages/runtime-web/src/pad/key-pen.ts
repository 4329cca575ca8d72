/** A pen that keys move over a drawing: up, it shows where a stroke would begin; down, it draws. */

import type { Drawing, Size } from './drawing.js';
import type { PadView } from './view.js';

export class KeyPen {
  private readonly drawing: Drawing;
  private readonly view: PadView;
  /** In units; nowhere before it is first moved. */
  private place: { readonly x: number; readonly y: number } | undefined;

  constructor(drawing: Drawing, view: PadView) {
    this.drawing = drawing;
    this.view = view;
  }

  get isDown(): boolean {
    return this.drawing.current?.tool === 'keyboard';
  }

  /** By units, from the middle of the surface at first, and never off it. */
  move(dx: number, dy: number): void {
    const { width, height }: Size = this.view.size;
    const scale = this.drawing.scaleOn(this.view.size);
    const [right, bottom] = [width / scale, height / scale];
    const { x, y } = this.place ?? { x: right / 2, y: bottom / 2 };
    this.place = { x: Math.min(right, Math.max(0, x + dx)), y: Math.min(bottom, Math.max(0, y + dy)) };
    if (this.isDown) this.drawing.extend({ ...this.place, pressure: 0.5, time: performance.now() });
    this.show();
  }

  /** As it is now: up or down. */
  show(): void {
    this.view.showPen(this.place && { ...this.place, down: this.isDown });
  }

  /** Others draw now, or nobody does. */
  putAway(): void {
    this.place = undefined;
    this.show();
  }
}
