/** Gives a Python script plain data and takes plain data back. Tensors travel in one binary file beside the JSON. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { arrayOf, type DType, sizeOf, type Tensor } from '@denary/core';
import { interpreter } from './venv.mjs';

export interface Answers<Answer> {
  /** The answer to the item of that name. Throws the script's error where it failed on it. */
  get(name: string): Answer;
}

/**
 * Has `python/<script>.py` work on named items: any JSON, with tensors in it, and bytes as Uint8Array (which would come
 * back as tensors). One call for many items, since PyTorch and TensorFlow take seconds to start.
 */
export async function python<Answer>(script: string, items: Record<string, unknown>): Promise<Answers<Answer>> {
  const folder = await mkdtemp(join(tmpdir(), `denary-${script}-`));
  try {
    const { json, bytes } = pack(items);
    await writeFile(join(folder, 'items.json'), json);
    await writeFile(join(folder, 'items.bin'), bytes);
    const path = fileURLToPath(new URL(`python/${script}.py`, import.meta.url));
    await promisify(execFile)(interpreter, [path, folder], {
      env: { ...process.env, CUDA_VISIBLE_DEVICES: '', PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 2 ** 26,
    }).catch((error: Error & { stderr?: string }) => {
      throw new Error(`${script}.py: ${(error.stderr || error.message).slice(-3000)}`);
    });
    const answers = unpack(
      await readFile(join(folder, 'answers.json'), 'utf8'),
      await readFile(join(folder, 'answers.bin')),
    );
    return {
      get(name) {
        const answer = answers[name] ?? { error: `no item "${name}"` };
        if ('error' in answer) throw new Error(`${script}.py on ${name}: ${answer.error}`);
        return answer.value as Answer;
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where a tensor lies in the binary file. */
interface Packed {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
}

function pack(items: unknown): { json: string; bytes: Uint8Array } {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const put = ({ dtype, shape, data }: Tensor): Packed => {
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
    return { dtype, shape, offset: offset - data.byteLength };
  };
  const json = JSON.stringify(items, (_, value: unknown) => {
    if (value instanceof Uint8Array) return put({ dtype: 'uint8', shape: [value.length], data: value });
    return isTensor(value) ? put(value) : value;
  });
  return { json, bytes: Buffer.concat(parts) };
}

function unpack(json: string, bytes: Uint8Array): Record<string, { value: unknown } | { error: string }> {
  return JSON.parse(json, (_, value: unknown) => {
    if (!isPacked(value)) return value;
    const { dtype, shape, offset } = value;
    const size = sizeOf(shape) * (arrayOf[dtype].prototype.BYTES_PER_ELEMENT as number);
    // A copy, for a view would have to be aligned.
    return { dtype, shape, data: new arrayOf[dtype](new Uint8Array(bytes.subarray(offset, offset + size)).buffer) };
  });
}

const hasKeys = (value: unknown, keys: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));

const isTensor = (value: unknown): value is Tensor => hasKeys(value, ['dtype', 'shape', 'data']);
const isPacked = (value: unknown): value is Packed => hasKeys(value, ['dtype', 'shape', 'offset']);
