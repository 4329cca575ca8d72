/** Keys on a pad: undo, clear, and a pen that arrow keys move, up or down as the space bar says. */

export interface KeyboardDrawing {
  undo(): void;
  redo(): void;
  clear(): void;
  /** A stroke is under way, which `cancel` drops. */
  isDrawing(): boolean;
  cancel(): void;
  /** Moves the keyboard's pen, in units. */
  move(dx: number, dy: number): void;
  /** Puts it down, or lifts it. */
  togglePen(): void;
}

/** A digit is some thirty steps tall; with Shift, steps are finer. */
const STEP = 1 / 32;
const FINE_STEP = 1 / 128;

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Undo and clear anywhere in the pad; the pen's keys on its surface alone, as buttons have uses for them. */
export function followKeys(host: HTMLElement, surface: HTMLElement, pad: KeyboardDrawing): void {
  const held = new Set<string>();
  host.addEventListener('keydown', (event) => {
    const [target] = event.composedPath();
    const draws = target === surface || target === host;
    if (!event.altKey && (command(event) || (draws && drawingKey(event)))) event.preventDefault();
  });
  surface.addEventListener('keyup', ({ key }) => held.delete(key));
  surface.addEventListener('blur', () => held.clear());

  function command({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean {
    const letter = ctrlKey || metaKey ? key.toLowerCase() : '';
    if (letter === 'y' || (letter === 'z' && shiftKey)) pad.redo();
    else if (letter === 'z') pad.undo();
    else if (key === 'Escape' && pad.isDrawing()) pad.cancel();
    else if (key === 'Delete' || key === 'Backspace' || key === 'Escape') pad.clear();
    else return false;
    return true;
  }

  function drawingKey({ key, ctrlKey, metaKey, shiftKey, repeat }: KeyboardEvent): boolean {
    if (ctrlKey || metaKey) return false;
    if (directions[key]) moveBy(key, shiftKey ? FINE_STEP : STEP);
    else if (key !== ' ' && key !== 'Enter') return false;
    else if (!repeat) pad.togglePen();
    return true;
  }

  /** Two keys that are held together move it slantwise. */
  function moveBy(key: string, step: number): void {
    held.add(key);
    let [dx, dy] = [0, 0];
    for (const one of held) {
      dx += directions[one]![0];
      dy += directions[one]![1];
    }
    pad.move(dx * step, dy * step);
  }
}
