/** Runs a program to its end; throws with what it said last where it fails. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export async function execute(command, args, options = {}) {
  try {
    const { stdout } = await run(command, args, { maxBuffer: 2 ** 26, ...options });
    return stdout.trim();
  } catch (error) {
    const said = `${error.stderr ?? ''}`.trim().split('\n').slice(-3).join('\n');
    throw new Error(`${command} ${args.slice(0, 2).join(' ')}: ${said || error.message}`);
  }
}
