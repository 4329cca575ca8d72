/** @denary/runtime-web/pad: importing it defines the element <denary-pad>. */

import { DenaryPad } from './element.js';
import type { PadEventMap } from './events.js';

export type { Drawing, Size, Stroke, StrokePoint, StrokeTool } from './drawing.js';
export { DenaryPad } from './element.js';
export type { PadEventMap, PadMode, PredictionDetail, StrokeDetail } from './events.js';
export { type PadRecognizer, type ReadPictureOptions, readPicture } from './recognition.js';

declare global {
  interface HTMLElementEventMap extends PadEventMap {}
  interface HTMLElementTagNameMap {
    'denary-pad': DenaryPad;
  }
}

// Nothing happens where there is no DOM, nor where another copy of the package was first.
if (globalThis.customElements && !customElements.get('denary-pad')) customElements.define('denary-pad', DenaryPad);
