/** Calls a Python script with plain data and takes plain data back. Tensors travel in one binary file beside the JSON. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { arrayOf, type DType, sizeOf, type Tensor } from '@denary/core';
import { interpreter } from './venv.js';

/** Where a tensor lies in the binary file. */
interface Packed {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
}

/**
 * What `python/<script>.py` answers to `job`: any JSON that may hold tensors, and bytes as Uint8Array (which come back as
 * tensors). Throws with the script's last words where it fails.
 */
export async function python<Answer>(script: string, job: unknown): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), `denary-${script}-`));
  try {
    const { json, bytes } = pack(job);
    await writeFile(join(folder, 'job.json'), json);
    await writeFile(join(folder, 'job.bin'), bytes);
    await promisify(execFile)(interpreter, [fileURLToPath(new URL(`python/${script}.py`, import.meta.url)), folder], {
      env: { ...process.env, CUDA_VISIBLE_DEVICES: '', PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 2 ** 26,
    }).catch((error: Error & { stderr?: string }) => {
      throw new Error(`${script}.py: ${(error.stderr || error.message).slice(-3000)}`);
    });
    return unpack(await readFile(join(folder, 'answer.json'), 'utf8'), await readFile(join(folder, 'answer.bin'))) as Answer;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function pack(job: unknown): { json: string; bytes: Uint8Array } {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const put = ({ dtype, shape, data }: Tensor): Packed => {
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
    return { dtype, shape, offset: offset - data.byteLength };
  };
  const json = JSON.stringify(job, (_, value: unknown) => {
    if (value instanceof Uint8Array) return put({ dtype: 'uint8', shape: [value.length], data: value });
    return isTensor(value) ? put(value) : value;
  });
  return { json, bytes: Buffer.concat(parts) };
}

function unpack(json: string, bytes: Uint8Array): unknown {
  const { buffer, byteOffset } = bytes;
  return JSON.parse(json, (_, value: unknown) => {
    if (!isPacked(value)) return value;
    const { dtype, shape, offset } = value;
    const start = byteOffset + offset;
    const length = sizeOf(shape) * new arrayOf[dtype](1).byteLength;
    return { dtype, shape, data: new arrayOf[dtype](buffer.slice(start, start + length) as ArrayBuffer) };
  });
}

const hasKeys = (value: unknown, keys: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));

const isTensor = (value: unknown): value is Tensor => hasKeys(value, ['dtype', 'shape', 'data']);
const isPacked = (value: unknown): value is Packed => hasKeys(value, ['dtype', 'shape', 'offset']);
