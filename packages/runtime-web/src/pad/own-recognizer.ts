/** The recognizer that a pad makes for itself, when it is first needed, and closes when it is not needed any more. */

import type { RecognizerOptions } from '../recognizer.js';
import type { PadRecognizer } from './recognition.js';

export class OwnRecognizer {
  private made: Promise<PadRecognizer & { close(): Promise<void> }> | undefined;

  /** Rejects where there is none to be had, as `createRecognizer` does; another call then tries again. */
  async get(pad: HTMLElement): Promise<PadRecognizer> {
    this.made ??= create(pad);
    const making = this.made;
    try {
      return await making;
    } catch (error) {
      if (this.made === making) this.made = undefined;
      throw error;
    }
  }

  close(): void {
    this.made?.then(
      (recognizer) => recognizer.close(),
      () => {},
    );
    this.made = undefined;
  }
}

/** By the pad's attributes. */
async function create(pad: HTMLElement) {
  const { createRecognizer } = await import('../index.js');
  const model = pad.getAttribute('model');
  const device = pad.getAttribute('device') as RecognizerOptions['device'] | null;
  return createRecognizer({ ...(model && { model }), ...(device && { device }) });
}
