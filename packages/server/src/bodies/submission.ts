/** The images of a request, however they came: what the recognizer takes, or why it can't be that. */

import { DenaryError, type Image } from '@denary/core';
import { RequestError } from '../problem.js';

export interface Submitted {
  /** The name of a file. */
  readonly name?: string;
  /** Raw pixels, the bytes of an encoded image, or what is wrong with it. */
  readonly source: Image | Uint8Array | DenaryError;
}

/** What to know for reading a body. */
export interface BodyContext {
  /** Images that a request may have. */
  readonly maxImages: number;
  /** The size of raw pixels that come without one. */
  readonly width: number;
  readonly height: number;
}

export function badImage(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-image', who, expected, received, remedy });
}

export function badBody(expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-argument', who: 'the body', expected, received, remedy });
}

/** Throws unless there are some images, and not too many. */
export function checkCount(count: number, { maxImages }: BodyContext): void {
  if (count === 0) throw badBody('at least one image', 'none', 'Skip the request where there is nothing to do.');
  if (count > maxImages) {
    throw new RequestError(413, {
      code: 'too-large',
      who: 'the body',
      expected: `at most ${maxImages} images`,
      received: `${count}`,
      remedy: 'Send them in several requests.',
    });
  }
}
