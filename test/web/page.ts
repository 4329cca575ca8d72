/** The page of pages/index.html, as tests use it: a static page with denary.js. */
import { fileURLToPath } from 'node:url';
import type { ErrorDetails, Prediction, RecognizerInfo } from '@denary/core';
import type { RecognizerOptions } from '@denary/runtime-web';
import type { Page } from 'playwright-core';
import { type OpenOptions, type OpenPage, openFolders } from './browser.js';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The globals of the page. */
export interface Globals {
  readonly denary: typeof import('@denary/runtime-web');
  tell<T>(answer: Promise<T>): Promise<Told<T>>;
  draw(context?: OffscreenCanvasRenderingContext2D): HTMLCanvasElement;
}

export type Told<T> =
  | { readonly value: T; readonly error?: never }
  | { readonly value?: never; readonly error: Problem };
export type Problem = ErrorDetails & { readonly name: string; readonly message: string };

/** Opens it, with the drawings of examples/images beside it and other folders. */
export async function openStaticPage(options: OpenOptions = {}, ...folders: string[]): Promise<OpenPage> {
  const open = await openFolders([pathOf('pages'), pathOf('../../examples/images'), ...folders], options);
  await loaded(open.page);
  return open;
}

/** Waits for the page's script. */
export const loaded = (page: Page) => page.waitForFunction(() => 'denary' in globalThis);

export interface Read {
  readonly prediction: Prediction;
  readonly info: RecognizerInfo;
  /** The files that were loaded, with the last that was told of each. */
  readonly files: Readonly<Record<string, { readonly loaded: number; readonly total: number | undefined }>>;
}

/** Has the page make a recognizer, read the drawn seven, and close it. */
export const readSeven = (page: Page, options: Omit<RecognizerOptions, 'onProgress'> = {}): Promise<Told<Read>> =>
  page.evaluate((options) => {
    const { denary, draw, tell } = globalThis as unknown as Globals;
    const read = async () => {
      const files: Record<string, { loaded: number; total: number | undefined }> = {};
      const onProgress = ({ file, ...progress }: { file: string; loaded: number; total: number | undefined }) => {
        files[file] = progress;
      };
      const recognizer = await denary.createRecognizer({ ...options, onProgress });
      const prediction = await recognizer.predict(draw());
      await recognizer.close();
      return { prediction, info: recognizer.info, files };
    };
    return tell(read());
  }, options);
