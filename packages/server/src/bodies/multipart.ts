/** The files of a form. The body is read whole before, within its limit, so that nothing is left of a broken one. */

import { messageOf } from '@denary/core';
import { Busboy } from '@fastify/busboy';
import { RequestError } from '../problem.js';
import { type BodyContext, badBody, badImage, checkCount, type Submitted } from './submission.js';

/** Every file is an image; other fields are not looked at. Throws `bad-argument` for a broken form. */
export async function fromMultipart(body: Buffer, contentType: string, context: BodyContext): Promise<Submitted[]> {
  const files = await filesOf(body, contentType, context.maxImages);
  checkCount(files.length, context);
  return files.map(({ name, data }) => ({
    name,
    source: data.length > 0 ? data : badImage(name, 'an image', 'an empty file', 'Choose a file with an image in it.'),
  }));
}

/** Browsers name every file; some programs say no more than that a part is an image. */
const isPartAFile = (_field?: string, type?: string, filename?: string) =>
  filename !== undefined || type === 'application/octet-stream' || /^image\//.test(type ?? '');

interface File {
  readonly name: string;
  readonly data: Buffer;
}

function filesOf(body: Buffer, contentType: string, maxImages: number): Promise<File[]> {
  return new Promise((resolve, reject) => {
    const broken = (error: unknown) => {
      reject(badBody('a whole form by RFC 7578', messageOf(error), 'Let a library write the form.'));
    };
    const crowded = () => {
      const told = { who: 'the body', expected: `at most ${maxImages} images`, received: 'more' } as const;
      reject(new RequestError(413, { code: 'too-large', ...told, remedy: 'Send them in several requests.' }));
    };
    const files: File[] = [];
    try {
      const limits = { files: maxImages, fields: 64, parts: maxImages + 64, headerPairs: 32 };
      const form = new Busboy({ headers: { 'content-type': contentType }, limits, isPartAFile });
      form.on('file', (field, stream, filename) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', broken);
        stream.on('end', () => files.push({ name: filename || field, data: Buffer.concat(chunks) }));
      });
      form.on('error', broken);
      for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) form.on(limit, crowded);
      form.on('finish', () => resolve(files));
      form.end(body);
    } catch (error) {
      broken(error);
    }
  });
}
