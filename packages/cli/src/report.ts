/** A report as files: one page that holds everything, and its pictures beside it. */

import { join } from 'node:path';
import { writeAtomically } from '@denary/train/node';
import { createReport, type ReportOptions } from '@denary/train/report';

/** Writes report.html and pictures/ into a folder, and gives the page's path. */
export async function writeReport(folder: string, options: ReportOptions): Promise<string> {
  const { html, pictures } = await createReport(options);
  for (const [name, content] of pictures) await writeAtomically(join(folder, 'pictures', name), content);
  const page = join(folder, 'report.html');
  await writeAtomically(page, html);
  return page;
}
