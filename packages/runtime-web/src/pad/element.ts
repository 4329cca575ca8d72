/** <denary-pad>: a surface to draw digits on with mouse, pen, finger or keys, that says what they are as they are drawn. */

import { Drawing, type Size, type Stroke } from './drawing.js';
import type { PadEventMap, PadMode, PredictionDetail } from './events.js';
import { pictureOf, strokesOf } from './ink.js';
import { KeyPen } from './key-pen.js';
import { followKeys } from './keyboard.js';
import { Latest } from './latest.js';
import { OwnRecognizer } from './own-recognizer.js';
import { followPointers } from './pointer.js';
import { blankDetail, type PadRecognizer, readPicture } from './recognition.js';
import { fillPad, type PadParts } from './template.js';
import { PadView } from './view.js';

/** Of the pad's height. A digit of two thirds of it has strokes as broad as MNIST's: an eighth of its own height. */
const PEN_WIDTH = { digit: 0.075, line: 0.055 } as const;

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
  private readonly pen = new KeyPen(this.drawing, this.view);
  private readonly own = new OwnRecognizer();
  private given: PadRecognizer | undefined;
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
      move: (dx, dy) => this.pen.move(dx, dy),
      togglePen: () => this.togglePen(),
    });
    surface.addEventListener('blur', () => this.liftPen());
    undo.addEventListener('click', () => this.undo());
    clear.addEventListener('click', () => this.clear());
    // The model is on its way before the first stroke is done.
    for (const type of ['pointerenter', 'focusin']) {
      this.addEventListener(type, () => void this.whoReads().catch(() => {}));
    }
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
    this.own.close();
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
      this.own.close();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    this.describe();
    if (name === 'model' || name === 'device') this.own.close();
    if (name === 'mode') this.view.showReading(null);
    if (name !== 'label' && name !== 'disabled') this.predict();
    this.view.invalidate();
  }

  formResetCallback(): void {
    this.clear();
  }

  formDisabledCallback(): void {
    this.describe();
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
    this.pen.putAway();
    this.changed();
  }

  /** Draws strokes that were drawn before, instead of what is there; `sheet` is the size of what they lie on, in units. */
  draw(strokes: readonly Stroke[], sheet: Size = this.surface): void {
    this.drawing.replace(strokes, sheet);
    this.changed();
  }

  /** The whole surface in units, as it is while the pad is blank. */
  private get surface(): Size {
    const { width, height } = this.view.size;
    return { width: height > 0 ? width / height : 1, height: 1 };
  }

  /** By itself, or by its form. */
  private get off(): boolean {
    return this.matches(':disabled');
  }

  private beginStroke(tool: Stroke['tool']): boolean {
    if (tool !== 'keyboard') {
      this.liftPen();
      this.pen.putAway();
    }
    if (this.off || this.drawing.current) return false;
    this.drawing.begin(tool, this.view.size);
    return true;
  }

  private endStroke(): void {
    const stroke = this.drawing.end();
    if (stroke) this.changed(stroke);
  }

  private cancelStroke(): void {
    this.drawing.cancel();
    this.pen.show();
    this.view.invalidate();
    this.predict();
  }

  private togglePen(): void {
    if (this.pen.isDown) this.liftPen();
    else if (this.beginStroke('keyboard')) this.pen.move(0, 0);
  }

  private liftPen(): void {
    if (!this.pen.isDown) return;
    this.endStroke();
    this.pen.show();
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
      const recognizer = await this.whoReads();
      if (signal.aborted || this.drawing.blank) return;
      const picture = pictureOf(this.drawing, this.penWidth);
      const detail = await readPicture(recognizer, picture, {
        mode: this.mode,
        live,
        signal,
        strokes: strokesOf(this.penWidth),
      });
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

  private async whoReads(): Promise<PadRecognizer> {
    return this.given ?? this.own.get(this);
  }

  private describe(): void {
    const { surface } = this.parts;
    const label = this.getAttribute('label') ?? (this.mode === 'line' ? 'Draw a number' : 'Draw a digit');
    surface.setAttribute('aria-label', label);
    surface.tabIndex = this.off ? -1 : 0;
    surface.ariaDisabled = `${this.off}`;
  }

  private emit<T extends keyof PadEventMap>(type: T, detail: PadEventMap[T]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
