/** <denary-pad>: a surface to draw digits on with mouse, pen, finger or keys, that says what they are as they are drawn. */

import type { RecognizerOptions } from '../recognizer.js';
import { Drawing, type Size, type Stroke } from './drawing.js';
import type { PadEventMap, PadMode, PredictionDetail } from './events.js';
import { pictureOf } from './ink.js';
import { followKeys } from './keyboard.js';
import { Latest } from './latest.js';
import { followPointers } from './pointer.js';
import { blankDetail, type PadRecognizer, readPicture } from './recognition.js';
import { fillPad, type PadParts } from './template.js';
import { PadView } from './view.js';

/** Of the pad's height. A digit of two thirds of it has strokes as broad as MNIST's: an eighth of its own height. */
const PEN_WIDTH = { digit: 0.075, line: 0.055 } as const;

type OwnRecognizer = PadRecognizer & { close(): Promise<void> };

/** Where there is no DOM the class can be imported, too, but not used. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * Attributes: `mode` (`digit`, the default, or `line`), `model` and `device` (as `createRecognizer` takes them), `label` (what screen
 * readers call it), `pen-width` (a share of its height), `name` and `disabled` as form controls have them. `data-prediction` holds
 * the text that was read last. Events: see PadEventMap.
 */
export class DenaryPad extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = ['mode', 'model', 'device', 'label', 'disabled', 'pen-width'];

  private readonly internals = this.attachInternals();
  private readonly parts: PadParts = fillPad(this.attachShadow({ mode: 'open', delegatesFocus: true }));
  private readonly drawing = new Drawing();
  private readonly latest = new Latest((live, signal) => this.read(live, signal));
  private readonly view = new PadView(
    this.parts,
    this.drawing,
    () => this.penWidth,
    () => this.readLive(),
  );
  private given: PadRecognizer | undefined;
  private own: Promise<OwnRecognizer> | undefined;
  /** The keyboard's pen, in units. */
  private pen: { x: number; y: number } | undefined;
  /** In milliseconds. */
  private lastRead = { end: 0, duration: 0 };
  private shown: PredictionDetail = blankDetail('digit');

  constructor() {
    super();
    const { surface, undo, clear } = this.parts;
    followPointers(surface, this.parts.canvas, {
      begin: (tool) => this.beginStroke(tool),
      extend: (x, y, pressure, time) => {
        const scale = this.drawing.scaleOn(this.view.size);
        this.drawing.extend({ x: x / scale, y: y / scale, pressure, time });
        this.view.invalidate();
      },
      end: () => this.endStroke(),
      cancel: () => this.cancelStroke(),
    });
    followKeys(this, surface, {
      isDrawing: () => this.drawing.current !== undefined,
      undo: () => this.undo(),
      redo: () => this.redo(),
      clear: () => this.clear(),
      cancel: () => this.cancelStroke(),
      move: (dx, dy) => this.movePen(dx, dy),
      togglePen: () => this.togglePen(),
    });
    undo.addEventListener('click', () => this.undo());
    clear.addEventListener('click', () => this.clear());
    // The model is on its way before the first stroke is done.
    for (const type of ['pointerenter', 'focusin']) this.addEventListener(type, () => void this.prepare());
  }

  get mode(): PadMode {
    return this.getAttribute('mode') === 'line' ? 'line' : 'digit';
  }

  set mode(mode: PadMode) {
    this.setAttribute('mode', mode);
  }

  get disabled(): boolean {
    return this.hasAttribute('disabled');
  }

  set disabled(disabled: boolean) {
    this.toggleAttribute('disabled', disabled);
  }

  /** Of the pad's height. */
  get penWidth(): number {
    const width = Number(this.getAttribute('pen-width'));
    return width > 0 ? width : PEN_WIDTH[this.mode];
  }

  /** Who reads. Left out, the pad makes its own from `model` and `device` when it is first used, and closes it when removed. */
  get recognizer(): PadRecognizer | undefined {
    return this.given;
  }

  set recognizer(recognizer: PadRecognizer | undefined) {
    this.given = recognizer;
    this.closeOwn();
    if (this.isConnected) this.predict();
  }

  /** What was read last: `7`, `1984`, '' for a blank pad. Its form submits it under the pad's name. */
  get value(): string {
    return this.shown.text;
  }

  /** What was read last, with all that is known of it. */
  get prediction(): PredictionDetail {
    return this.shown;
  }

  get strokes(): readonly Stroke[] {
    return this.drawing.strokes;
  }

  get form(): HTMLFormElement | null {
    return this.internals.form;
  }

  get name(): string {
    return this.getAttribute('name') ?? '';
  }

  connectedCallback(): void {
    // A recognizer that was set before the element was defined hides the accessor.
    if (Object.hasOwn(this, 'recognizer')) {
      const { recognizer } = this;
      Reflect.deleteProperty(this, 'recognizer');
      this.recognizer = recognizer;
    }
    this.dataset.prediction ??= '';
    this.describe();
    this.view.connect();
  }

  disconnectedCallback(): void {
    this.view.disconnect();
    // Moved to another place it goes on.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.latest.stop();
      this.closeOwn();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    this.describe();
    if (name === 'model' || name === 'device') this.closeOwn();
    if (name === 'mode') this.view.showReading(null);
    if (name !== 'label' && name !== 'disabled') this.predict();
    this.view.invalidate();
  }

  formResetCallback(): void {
    this.clear();
  }

  /** Takes the last stroke back, or a clearing. */
  undo(): void {
    if (this.drawing.undo()) this.changed();
  }

  /** Does again what was undone last. */
  redo(): void {
    if (this.drawing.redo()) this.changed();
  }

  clear(): void {
    if (this.drawing.blank) return;
    this.drawing.clear();
    this.pen = undefined;
    this.showPen();
    this.changed();
  }

  /** Draws strokes that were drawn before, instead of what is there; `sheet` is the size of what they lie on, in units. */
  draw(
    strokes: readonly Stroke[],
    sheet: Size = { width: this.view.size.width / this.view.size.height, height: 1 },
  ): void {
    this.drawing.replace(strokes, sheet);
    this.changed();
  }

  private beginStroke(tool: Stroke['tool']): boolean {
    if (this.disabled || this.drawing.current) return false;
    this.drawing.begin(tool, this.view.size);
    if (tool !== 'keyboard') {
      this.pen = undefined;
      this.showPen();
    }
    return true;
  }

  private endStroke(): void {
    const stroke = this.drawing.end();
    if (stroke) this.changed(stroke);
  }

  private cancelStroke(): void {
    this.drawing.cancel();
    this.showPen();
    this.predict();
  }

  private movePen(dx: number, dy: number): void {
    if (this.disabled) return;
    const { width, height } = this.view.size;
    const scale = this.drawing.scaleOn(this.view.size);
    const { x, y } = this.pen ?? { x: width / scale / 2, y: height / scale / 2 };
    const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
    this.pen = { x: within(x + dx, width / scale), y: within(y + dy, height / scale) };
    if (this.drawing.current?.tool === 'keyboard') this.extendByKeys();
    this.showPen();
  }

  private togglePen(): void {
    if (this.drawing.current?.tool === 'keyboard') this.endStroke();
    else if (this.beginStroke('keyboard')) this.movePen(0, 0);
    this.showPen();
  }

  private extendByKeys(): void {
    this.drawing.extend({ ...this.pen!, pressure: 0.5, time: performance.now() });
  }

  private showPen(): void {
    this.view.showPen(this.pen && { ...this.pen, down: this.drawing.current?.tool === 'keyboard' });
  }

  private changed(stroke: Stroke | null = null): void {
    this.view.invalidate();
    // Buttons that have nothing to do go away, and leave the focus to the surface.
    const { activeElement } = this.shadowRoot!;
    if (activeElement && (this.drawing.blank || !this.drawing.canUndo)) this.parts.surface.focus();
    this.emit('denary-stroke', { stroke, strokes: [...this.drawing.strokes] });
    this.predict();
  }

  /** Reads what is there now, whatever is being read. */
  private predict(): void {
    this.latest.stop();
    if (!this.drawing.blank) this.latest.request(false);
    else if (this.shown.picture) this.show(blankDetail(this.mode));
  }

  /** While a stroke is drawn it is read as often as leaves the page half of its time. */
  private readLive(): void {
    const rest = performance.now() - this.lastRead.end;
    if (this.drawing.current && rest > this.lastRead.duration) this.latest.request(true);
  }

  private async read(live: boolean, signal: AbortSignal): Promise<void> {
    try {
      const recognizer = await this.prepare();
      if (signal.aborted || this.drawing.blank) return;
      const picture = pictureOf(this.drawing, this.penWidth);
      const detail = await readPicture(recognizer, picture, { mode: this.mode, live, signal });
      this.lastRead = { end: performance.now(), duration: detail.milliseconds };
      if (!signal.aborted) this.show(detail);
    } catch (error) {
      if (!signal.aborted) this.emit('denary-error', { error });
    }
  }

  private show(detail: PredictionDetail): void {
    this.shown = detail;
    this.dataset.prediction = detail.text;
    this.internals.setFormValue(detail.text);
    if (!detail.live) this.parts.status.textContent = detail.text;
    this.view.showReading(detail.reading);
    this.emit('denary-prediction', detail);
  }

  /** The recognizer, made now if there is none. */
  private async prepare(): Promise<PadRecognizer> {
    if (this.given) return this.given;
    this.own ??= this.create();
    return this.own;
  }

  private async create(): Promise<OwnRecognizer> {
    const { createRecognizer } = await import('../index.js');
    const model = this.getAttribute('model');
    const device = this.getAttribute('device') as RecognizerOptions['device'] | null;
    return createRecognizer({ ...(model && { model }), ...(device && { device }) });
  }

  private closeOwn(): void {
    this.own?.then(
      (recognizer) => recognizer.close(),
      () => {},
    );
    this.own = undefined;
  }

  private describe(): void {
    const { surface } = this.parts;
    const label = this.getAttribute('label') ?? (this.mode === 'line' ? 'Draw a number' : 'Draw a digit');
    surface.setAttribute('aria-label', label);
    surface.tabIndex = this.disabled ? -1 : 0;
    surface.ariaDisabled = `${this.disabled}`;
  }

  private emit<T extends keyof PadEventMap>(type: T, detail: PadEventMap[T]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
