/** What was measured so far, as plain rows in a JSON file that is written after each one: a run goes on where it was stopped. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export class Record {
  constructor(stem, rows) {
    Object.assign(this, { path: `${stem}.json`, page: `${stem}.md`, rows });
  }

  /** The published record; with a label another one, in out/. */
  static async open({ label }) {
    const stem = at(label ? `out/tuning-${label}` : 'docs/tuning');
    const text = await readFile(`${stem}.json`, 'utf8').catch(() => undefined);
    return new Record(stem, text && label !== 'quick' ? JSON.parse(text).rows : []);
  }

  /** The row with these fields; measured, and written, where there is none. */
  async row(key, measure) {
    const found = this.find(key)[0];
    if (found) return found;
    const row = { ...key, ...(await measure()) };
    this.rows.push(row);
    console.log(JSON.stringify(row));
    await this.write();
    return row;
  }

  find(key) {
    return this.rows.filter((row) => Object.entries(key).every(([name, value]) => row[name] === value));
  }

  forget(part, model) {
    this.rows = this.rows.filter((row) => row.part !== part || row.model !== model);
  }

  async write() {
    const machine = `${cpus().length} threads of ${cpus()[0]?.model.trim()}, Node ${process.version}`;
    const text = `{"machine":${JSON.stringify(machine)},"rows":[\n${this.rows.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`;
    await mkdir(dirname(this.path), { recursive: true });
    await writeFile(`${this.path}.new`, text);
    await rename(`${this.path}.new`, this.path);
  }
}
