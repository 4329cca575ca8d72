/** How a process with a recognizer in it ends: by itself, by process.exit() in the middle of a run, or killed. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const begin = (isolation: string) => `
  import { createRecognizer } from '@denary/runtime-node';
  const recognizer = await createRecognizer({ isolation: '${isolation}', device: 'cpu', preprocess: 'none' });
  const image = { data: new Uint8Array(784), width: 28, height: 28, channels: 1 };
`;
const args = (isolation: string, script: string) => ['--input-type=module', '-e', begin(isolation) + script];

/** What a script prints, and its exit code; -1 where it would not end by itself. */
async function run(isolation: string, script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { cwd: root, timeout: 30_000 };
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, args(isolation, script), options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    return { code: typeof code === 'number' ? code : -1, stdout, stderr };
  }
}

describe.each(['thread', 'process'])('a process with isolation %s', (isolation) => {
  it('ends by itself where the recognizer was not closed', async () => {
    const script = `console.log((await recognizer.predict([image, image])).length);`;
    expect(await run(isolation, script)).toEqual({ code: 0, stdout: '2\n', stderr: '' });
  });

  it('stays for an answer that nothing else awaits', async () => {
    const script = `recognizer.predict([image, image]).then(({ length }) => console.log(length));`;
    expect(await run(isolation, script)).toEqual({ code: 0, stdout: '2\n', stderr: '' });
  });

  it('may exit in the middle of a run', async () => {
    const script = `
      for (let i = 0; i < 4; i++) recognizer.predict(Array(4096).fill(image));
      setTimeout(() => process.exit(3), 50);
    `;
    expect(await run(isolation, script)).toEqual({ code: 3, stdout: '', stderr: '' });
  });

  it('may fail in the middle of a run', async () => {
    const script = `
      recognizer.predict(Array(4096).fill(image));
      setTimeout(() => { throw new Error('on purpose'); }, 50);
    `;
    expect(await run(isolation, script)).toMatchObject({ code: 1, stderr: expect.stringContaining('on purpose') });
  });

  it('ends by itself after the recognizer was closed', async () => {
    const script = `await Promise.all([recognizer.predict(image), recognizer.close()]); console.log('closed');`;
    expect(await run(isolation, script)).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });
});

it('workers end with the process that was killed', async () => {
  const script = `
    setInterval(() => recognizer.predict(Array(128).fill(image)), 20);
    console.log(process.pid);
  `;
  const parent = spawn(process.execPath, args('process', script), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  // The worker writes to the same pipe, which closes when nobody has it any more.
  await once(parent, 'close');
});
