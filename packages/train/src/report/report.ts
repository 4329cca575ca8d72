/** A report about a training, an evaluation, or both: one page with everything inside, and its pictures as files. */

import { DenaryError } from '@denary/core';
import type { TrainingLog } from './curves.js';
import { html } from './html.js';
import { renderPage, type Section, table } from './page.js';
import { createDraw } from './picture.js';
import { settingRows } from './settings.js';
import { type Test, testPart } from './test-part.js';
import { trainingPart } from './training-part.js';

export interface ReportOptions {
  readonly title: string;
  /** The command line that made it. */
  readonly command?: string;
  /** Plain data, with the seed among them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly versions?: Readonly<Record<string, string>>;
  readonly training?: TrainingLog;
  readonly test?: Test;
  /** Of the choice of samples and of the embedding; default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface Report {
  readonly html: string;
  /** File name to SVG text or PNG bytes. */
  readonly pictures: ReadonlyMap<string, string | Uint8Array>;
}

/**
 * The same options give the same report. Throws `bad-argument` where there is neither a training nor a test, `bad-data` where
 * the evaluation is not one of the data set, and the signal's reason when told to stop.
 */
export async function createReport(options: ReportOptions): Promise<Report> {
  const { title, training, test, seed = 0, signal } = options;
  if (!training && !test) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'createReport',
      expected: 'a training, a test, or both',
      received: 'neither',
      remedy: 'Give `training`, as fit logs it, or `test`, with what evaluate gives.',
    });
  }
  const draw = await createDraw();
  const trained = training && trainingPart(draw, training);
  const tested = test && (await testPart(draw, test, seed, signal));
  const figures = [...(tested?.figures ?? []), ...(trained?.figures ?? [])];
  const sections = [...(trained?.sections ?? []), ...(tested?.sections ?? []), originSection(options)];
  return {
    html: renderPage({ title, figures, sections }),
    pictures: new Map(sections.flatMap(({ files }) => files)),
  };
}

function originSection({ command, settings, versions = {} }: ReportOptions): Section {
  const versionRows = Object.entries(versions);
  const content = [
    ...(command === undefined ? [] : [html`<p>Made by this command:</p>\n<pre><code>${command}</code></pre>\n`]),
    html`<div class="settings">${table('Settings', ['setting', 'value'], settingRows(settings))}`,
    ...(versionRows.length > 0 ? [table('Versions', ['package', 'version'], versionRows)] : []),
    html`</div>`,
  ];
  return { id: 'origin', heading: 'How it was made', content, files: [] };
}
