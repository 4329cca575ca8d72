/** Teaching: a digit that was misread, the right one tapped, and what becomes of it, step by step. */

import type { TuningProgress } from '@denary/core';
import { clearCurve, extendCurve } from './curve.js';
import { byId, element, rate } from './dom.js';
import { type Misread, onCorrection } from './results.js';
import type { School } from './school.js';
import { showProblem } from './stage.js';

const section = byId('teach');
const state = byId('lesson');
const list = byId('corrections');
const loss = byId('loss');
const buttons = {
  stop: byId<HTMLButtonElement>('stop'),
  undo: byId<HTMLButtonElement>('undo-lesson'),
  download: byId<HTMLButtonElement>('download'),
  forget: byId<HTMLButtonElement>('forget'),
};
const cells = {
  own: [byId('own-before'), byId('own-after')],
  core: [byId('core-before'), byId('core-after')],
} as const;

const outcomes: Readonly<Record<string, string>> = {
  finished: 'Learned.',
  reached: 'Learned.',
  'early-stop': 'Learned, and stopped in time not to forget the others.',
  'rolled-back': 'Not learned: it would have forgotten other digits.',
};

/** Lets the user teach; `changed` is called when the model reads otherwise than before. */
export function teach(school: School, changed: (taught: number) => void): void {
  let lesson: AbortController | undefined;

  const show = (busy: boolean) => {
    section.hidden = false;
    section.toggleAttribute('aria-busy', busy);
    document.body.classList.toggle('learning', busy);
    buttons.stop.hidden = !busy;
    buttons.undo.disabled = busy || school.lessons === 0;
    for (const button of [buttons.download, buttons.forget]) button.disabled = busy;
  };

  /** Does one thing at a time, and tells what went wrong. */
  const attempt = async (work: (signal: AbortSignal) => Promise<void>) => {
    if (lesson) return;
    lesson = new AbortController();
    show(true);
    showProblem();
    try {
      await work(lesson.signal);
    } catch (error) {
      state.textContent = 'That did not work.';
      showProblem(error);
    }
    lesson = undefined;
    show(false);
  };

  onCorrection((misread, label) =>
    attempt(async (signal) => {
      clearCurve();
      state.textContent = `Learning that this is a ${label} …`;
      const entry = correctionEntry(misread, label);
      list.append(entry);
      section.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
      let outcome: string | undefined;
      try {
        for await (const progress of school.learn(misread.picture, label, signal)) {
          showProgress(progress);
          outcome = progress.outcome;
        }
      } finally {
        if (!outcome || outcome === 'rolled-back') entry.remove();
      }
      state.textContent = outcomes[outcome ?? ''] ?? 'Stopped; nothing has changed.';
      if (outcome) changed(school.lessons);
    }),
  );
  buttons.stop.addEventListener('click', () => lesson?.abort());
  buttons.undo.addEventListener('click', () =>
    attempt(async () => {
      await school.undo();
      list.lastElementChild?.remove();
      state.textContent = 'Taken back.';
      changed(school.lessons);
    }),
  );
  buttons.forget.addEventListener('click', () =>
    attempt(async () => {
      await school.forget();
      list.replaceChildren();
      clearCurve();
      for (const cell of [...cells.own, ...cells.core]) cell.textContent = '–';
      state.textContent = 'Forgotten: this is the model that was shipped.';
      changed(0);
    }),
  );
  buttons.download.addEventListener('click', () =>
    attempt(async () => {
      const file = new Blob([(await school.export()) as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' });
      const href = URL.createObjectURL(file);
      element('a', { href, download: 'denary.onnx' }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10_000);
    }),
  );
  byId<HTMLInputElement>('load').addEventListener('change', ({ target }) => {
    const input = target as HTMLInputElement;
    const [file] = input.files ?? [];
    input.value = '';
    if (!file) return;
    void attempt(async () => {
      await school.load(new Uint8Array(await file.arrayBuffer()));
      list.replaceChildren();
      state.textContent = `Goes on with ${file.name}.`;
      changed(0);
    });
  });
}

function showProgress({ step, steps, loss: now, accuracy, coreAccuracy, before }: TuningProgress): void {
  extendCurve(step, steps, now, accuracy);
  loss.textContent = Number.isFinite(now) ? now.toFixed(3) : '–';
  byId('core').hidden = coreAccuracy === undefined;
  for (const [cell, share] of [
    [cells.own[0], before.accuracy],
    [cells.own[1], accuracy],
    [cells.core[0], before.coreAccuracy],
    [cells.core[1], coreAccuracy],
  ] as const) {
    cell.textContent = rate(share);
  }
}

/** The drawing, small, what it was read as, and what it is. */
function correctionEntry({ picture, text }: Misread, label: number): HTMLElement {
  const canvas = element('canvas', { width: picture.width, height: picture.height });
  canvas.getContext('2d')!.putImageData(picture, 0, 0);
  canvas.ariaHidden = 'true';
  return element('li', {}, canvas, element('span', {}, element('s', { textContent: text || '–' }), ` ${label}`));
}
