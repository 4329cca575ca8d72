/** Teaching: a digit that was misread, the right one tapped, and what becomes of it, step by step. */

import type { TuningProgress } from '@denary/core';
import { clearCurve, extendCurve } from './curve.js';
import { byId, element, rate, showPixels } from './dom.js';
import { onCorrection } from './results.js';
import type { School } from './school.js';
import { showProblem } from './stage.js';

const section = byId('teach');
const state = byId('lesson');
const list = byId('corrections');
const load = byId<HTMLInputElement>('load');
const stop = byId<HTMLButtonElement>('stop');
const undo = byId<HTMLButtonElement>('undo-lesson');
const forget = byId<HTMLButtonElement>('forget');
const others = [byId<HTMLButtonElement>('download'), byId<HTMLButtonElement>('save'), forget, load];

const outcomes: Readonly<Record<string, string>> = {
  finished: 'Learned.',
  reached: 'Learned.',
  'early-stop': 'Learned, and stopped before other digits were forgotten.',
  'rolled-back': 'Not learned: other digits would have been forgotten.',
};

/** Lets the user teach; `changed` is called when the model has become another. */
export async function teach(school: School, changed: (taught: number) => void): Promise<void> {
  let lesson: AbortController | undefined;
  /** Another tab has written what this one is to go on with. */
  let overtaken = false;

  const show = (busy: boolean) => {
    section.hidden = false;
    section.ariaBusy = `${busy}`;
    document.body.classList.toggle('learning', busy);
    stop.hidden = !busy;
    undo.disabled = busy || school.lessons === 0;
    for (const other of others) other.disabled = busy;
  };
  const showCorrections = () => {
    const { count = 0, images, labels, width = 0, height = 0 } = school.corrections ?? {};
    const entries = Array.from({ length: count }, (_, i) => {
      const canvas = element('canvas', { width, height, ariaHidden: 'true' });
      showPixels(canvas, images!.subarray(i * width * height, (i + 1) * width * height));
      return element('li', {}, canvas, `${labels![i]}`);
    });
    list.replaceChildren(...entries);
    changed(school.taught);
  };

  /** Does one thing at a time, says what came of it, or what went wrong. */
  const attempt = async (work: (signal: AbortSignal) => Promise<string>) => {
    if (lesson) return;
    lesson = new AbortController();
    show(true);
    showProblem();
    try {
      state.textContent = await work(lesson.signal);
      if (school.notKept) showProblem(school.notKept);
      else forget.textContent = 'Forget me';
    } catch (error) {
      state.textContent = 'That did not work.';
      showProblem(error);
    }
    showCorrections();
    lesson = undefined;
    show(false);
    if (overtaken) await takeOver();
  };
  const takeOver = () =>
    attempt(async () => {
      overtaken = false;
      const { damage } = await school.restore();
      if (damage) throw damage;
      showLesson(undefined);
      return school.taught > 0 ? 'As you taught it in another tab.' : 'Forgotten in another tab.';
    });
  /** Goes on where the last visit ended, and says what of it was not to be had. */
  const restore = async () => {
    try {
      const { personal, damage } = await school.restore();
      if (!damage && school.taught === 0) return;
      showCorrections();
      if (damage) {
        forget.textContent = 'Start anew';
        showProblem(damage);
      }
      const instead = personal ? 'before that' : 'as it was shipped';
      state.textContent = damage
        ? `What you taught it last can not be used: this is the model ${instead}.`
        : 'As you taught it before.';
      show(false);
    } catch (error) {
      showProblem(error);
    }
  };

  await restore();
  school.watch(() => {
    overtaken = true;
    if (lesson) lesson.abort();
    else void takeOver();
  });

  onCorrection(({ picture, text }, label) =>
    attempt(async (signal) => {
      state.textContent = `Learning that this is a ${label}${text && `, not a ${text}`} …`;
      showLesson(undefined);
      section.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
      let last: TuningProgress | undefined;
      for await (const progress of school.learn(picture, label, signal)) {
        last = progress;
        showLesson(progress);
      }
      const { digit } = await school.read(picture);
      byId('this-before').textContent = text;
      byId('this-after').textContent = `${digit ?? '–'}`;
      const learned = last?.outcome && outcomes[last.outcome];
      if (!learned) return 'Stopped; nothing has changed.';
      return digit === label || last?.outcome === 'rolled-back'
        ? learned
        : 'Not learned in this time. Tap the digit again to go on.';
    }),
  );
  stop.addEventListener('click', () => lesson?.abort());
  undo.addEventListener('click', () =>
    attempt(async () => {
      await school.undo();
      showLesson(undefined);
      return 'Taken back.';
    }),
  );
  forget.addEventListener('click', () =>
    attempt(async () => {
      await school.forget();
      showLesson(undefined);
      return 'Forgotten: this is the model as it was shipped.';
    }),
  );
  byId('download').addEventListener('click', () =>
    attempt(async () => {
      saveFile(await school.model(), 'denary.onnx');
      return 'Downloaded.';
    }),
  );
  byId('save').addEventListener('click', () =>
    attempt(async () => {
      saveFile(await school.everything(), 'denary.denary');
      return 'Saved, with your digits: load it here or elsewhere to go on.';
    }),
  );
  load.addEventListener('change', () => {
    const [file] = load.files ?? [];
    load.value = '';
    if (!file) return;
    void attempt(async () => {
      await school.load(new Uint8Array(await file.arrayBuffer()));
      showLesson(undefined);
      return `Goes on with ${file.name}.`;
    });
  });
}

/** How a lesson goes; nothing to tell, where there is none. */
function showLesson(progress: TuningProgress | undefined): void {
  const cell = (id: string, text: string) => {
    byId(id).textContent = text;
  };
  if (!progress) clearCurve();
  else extendCurve(progress);
  const { loss = Number.NaN, accuracy, coreAccuracy, before } = progress ?? {};
  cell('loss', Number.isFinite(loss) ? loss.toFixed(3) : '–');
  for (const id of ['this-before', 'this-after']) cell(id, '–');
  cell('own-before', rate(before?.accuracy));
  cell('own-after', rate(accuracy));
  cell('core-before', rate(before?.coreAccuracy));
  cell('core-after', rate(coreAccuracy));
  byId('core').hidden = coreAccuracy === undefined;
}

function saveFile(bytes: Uint8Array, download: string): void {
  const href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }));
  element('a', { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
