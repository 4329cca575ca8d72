/** The demo page: a pad, what it reads, and other ways to give it something to read. */

import { createRecognizer, type RecognizerOptions } from '@denary/runtime-web';
import { type PadMode, type PredictionDetail, readPicture } from '@denary/runtime-web/pad';
import { openCamera } from './camera.js';
import { byId } from './dom.js';
import { showEngine, showModel, showProgress } from './engine.js';
import { onImage, pixelsOf } from './images.js';
import { showResult } from './results.js';
import { School } from './school.js';
import { image, showBoxes, showImage, showProblem, showStage, stageNow, video } from './stage.js';
import { teach } from './teach.js';

/** A side of an image that is read, in pixels. */
const MOST = 2000;

const pad = byId<HTMLElementTagNameMap['denary-pad']>('pad');
const demo = byId('demo');
const modes = document.querySelectorAll<HTMLInputElement>('input[name=mode]');
const titles = { digit: 'Draw a digit.', line: 'Write a number.' } as const;

/** The image that is shown, and how the camera is closed. */
let picture: ImageData | undefined;
let closeCamera: (() => void) | undefined;

const asked = new URLSearchParams(location.search);
const model = asked.get('model') ?? 'cnn-pool4';
const device = (asked.get('device') ?? 'auto') as NonNullable<RecognizerOptions['device']>;
const loading = createRecognizer({ model, device, onProgress: showProgress });

pad.addEventListener('denary-prediction', ({ detail }) => {
  if (stageNow() === 'pad') showResult(detail);
});
pad.addEventListener('denary-error', ({ detail }) => showProblem(detail.error));

/** The pad's attribute rules, whoever sets it. */
new MutationObserver(() => {
  demo.dataset.mode = pad.mode;
  for (const input of modes) input.checked = input.value === pad.mode;
  document.querySelector('h1')!.textContent = titles[pad.mode];
  if (stageNow() === 'pad') showResult(pad.prediction);
  else if (picture) void readImage(picture);
}).observe(pad, { attributeFilter: ['mode'] });
for (const input of modes) {
  input.addEventListener('change', () => {
    pad.mode = input.value as PadMode;
  });
}

async function read(picture: ImageData, mode: PadMode): Promise<PredictionDetail | undefined> {
  try {
    const detail = await readPicture(await loading, picture, { mode });
    showProblem();
    return detail;
  } catch (error) {
    showProblem(error);
    return undefined;
  }
}

async function readImage(picture: ImageData): Promise<void> {
  const detail = await read(picture, pad.mode);
  if (!detail || stageNow() !== 'image') return;
  showResult(detail);
  showBoxes(detail.reading, picture);
}

function leave(): void {
  closeCamera?.();
  closeCamera = undefined;
  picture = undefined;
  URL.revokeObjectURL(image.src);
  image.removeAttribute('src');
}

onImage(async (file) => {
  try {
    const pixels = await pixelsOf(file, MOST);
    leave();
    picture = pixels;
    showImage(file, pixels);
    // Several digits on it are a number.
    const several = (await read(pixels, 'line'))?.text.length ?? 0;
    if (several > 1 && pad.mode === 'digit') pad.mode = 'line';
    else await readImage(pixels);
  } catch {
    showProblem({
      expected: 'an image',
      received: file.type || 'something else',
      remedy: 'Try a PNG, a JPEG or a WebP.',
    });
  }
});

byId('camera').addEventListener('click', async () => {
  leave();
  showStage('camera');
  try {
    closeCamera = await openCamera(video, async (frame) => {
      const detail = await read(frame, pad.mode);
      if (!detail || stageNow() !== 'camera') return;
      showResult(detail);
      showBoxes(detail.reading, frame);
    });
  } catch (error) {
    back();
    showProblem(error instanceof DOMException ? new Error(`The camera is not to be had: ${error.message}.`) : error);
  }
});

function back(): void {
  leave();
  showStage('pad');
  showResult(pad.prediction);
}
byId('close').addEventListener('click', () => {
  back();
  pad.focus();
});

/** Some megabytes, where there is a network that does not ask to be spared. They are wanted later, or not at all. */
function whenIdle(fetchAhead: () => Promise<void>): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (!navigator.onLine || connection?.saveData) return;
  const idle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 2000));
  idle(() => fetchAhead().catch(() => {}));
}

try {
  const recognizer = await loading;
  pad.recognizer = recognizer;
  showEngine(model, recognizer.info);
  const school = new School(recognizer, model);
  await teach(school, (taught) => {
    showModel(model, taught);
    // It may read otherwise now.
    pad.recognizer = recognizer;
    if (picture) void readImage(picture);
  });
  whenIdle(() => school.prefetch());
} catch (error) {
  showProblem(error);
}

// Browsers have none in some private windows; the page then needs its server.
navigator.serviceWorker?.register('./service-worker.js').catch(() => {});
