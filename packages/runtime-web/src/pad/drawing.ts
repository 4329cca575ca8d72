/**
 * A drawing as data: strokes that know nothing of pixels, so that they can be undone, kept while the pad changes its size, and
 * rendered for the eye and for the model alike.
 */

export interface StrokePoint {
  /** From the left, in units: the height that the pad had when the drawing began. */
  readonly x: number;
  /** From the top, in the same units. */
  readonly y: number;
  /** 0 to 1; 0.5 where the device cannot tell. */
  readonly pressure: number;
  /** Milliseconds, on the clock of `performance.now()`. */
  readonly time: number;
}

export type StrokeTool = 'mouse' | 'pen' | 'touch' | 'keyboard';

export interface Stroke {
  readonly tool: StrokeTool;
  readonly points: readonly StrokePoint[];
}

/** A stroke that is still drawn. */
export interface GrowingStroke extends Stroke {
  readonly points: StrokePoint[];
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface State {
  readonly strokes: readonly Stroke[];
  readonly sheet: Size;
}

export class Drawing {
  private past: State[] = [];
  private state: State = { strokes: [], sheet: { width: 1, height: 1 } };
  private future: State[] = [];
  private growing: GrowingStroke | undefined;

  /** Those that are finished, in the order in which they were drawn. */
  get strokes(): readonly Stroke[] {
    return this.state.strokes;
  }

  /** The one under way, if any. */
  get current(): Stroke | undefined {
    return this.growing;
  }

  /** All of them, the one under way last. */
  get all(): readonly Stroke[] {
    return this.growing ? [...this.strokes, this.growing] : this.strokes;
  }

  get blank(): boolean {
    return this.strokes.length === 0 && !this.growing;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  /** The sheet that the strokes lie on, in units: whatever the pad's surface covered while one was drawn. */
  get sheet(): Size {
    return this.state.sheet;
  }

  /** How many pixels of a surface one unit takes, so that the whole sheet fits on it. */
  scaleOn({ width, height }: Size): number {
    return this.blank ? height : Math.min(width / this.sheet.width, height / this.sheet.height);
  }

  begin(tool: StrokeTool, surface: Size): void {
    const { blank, sheet, strokes } = this;
    const scale = this.scaleOn(surface);
    const [width, height] = [surface.width / scale, surface.height / scale];
    const least = blank ? { width: 0, height: 0 } : sheet;
    this.state = { strokes, sheet: { width: Math.max(width, least.width), height: Math.max(height, least.height) } };
    this.growing = { tool, points: [] };
  }

  /** Adds to the stroke under way; a point on the spot of the last one adds nothing. */
  extend(point: StrokePoint): void {
    const last = this.growing?.points.at(-1);
    if (last?.x === point.x && last.y === point.y) return;
    this.growing?.points.push(point);
  }

  /** The stroke that was under way, now finished; nothing where there is none, or no point in it. */
  end(): Stroke | undefined {
    const stroke = this.growing;
    this.growing = undefined;
    if (!stroke?.points.length) return undefined;
    this.become({ strokes: [...this.strokes, stroke], sheet: this.sheet });
    return stroke;
  }

  /** Drops the stroke under way. */
  cancel(): void {
    this.growing = undefined;
  }

  clear(): void {
    this.replace([], this.sheet);
  }

  /** Strokes from elsewhere, on a sheet of that size in units. */
  replace(strokes: readonly Stroke[], sheet: Size): void {
    this.growing = undefined;
    this.become({ strokes: [...strokes], sheet });
  }

  /** Takes the last change back, a clearing, too; false where there is none. */
  undo(): boolean {
    return this.travel(this.past, this.future);
  }

  redo(): boolean {
    return this.travel(this.future, this.past);
  }

  private become(state: State): void {
    this.past.push(this.state);
    this.future = [];
    this.state = state;
  }

  private travel(from: State[], to: State[]): boolean {
    const state = this.growing ? undefined : from.pop();
    if (!state) return false;
    to.push(this.state);
    this.state = state;
    return true;
  }
}
