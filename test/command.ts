/** The built command, run as a user types it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['packages/cli/bin/denary.js', ...args], { cwd: root });

export function finished(child: ChildProcess): Promise<Ran> {
  let [out, err] = ['', ''];
  child.stdout!.on('data', (data) => {
    out += data;
  });
  child.stderr!.on('data', (data) => {
    err += data;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

export const denary = (...args: string[]): Promise<Ran> => finished(start(...args));

/** The JSON objects of an output, one a line. */
export const objects = ({ out }: Pick<Ran, 'out'>) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
