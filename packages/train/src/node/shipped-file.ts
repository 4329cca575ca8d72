/** A data set that is shipped with this package: one CSV file in its folder data/, cut into a training and a test part. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DenaryError } from '@denary/core';
import { type CsvFormat, datasetFromCsv } from '../data/csv.js';
import { subset } from '../data/dataset.js';
import { type CheckedFile, readChecked } from './checked-file.js';
import { here, isThere, type Source } from './source.js';

export interface ShippedCsv extends CsvFormat {
  readonly name: string;
  readonly description: string;
  readonly file: CheckedFile;
  /** The first so many rows train, the others test. */
  readonly trains: number;
}

/** By the package's own name, so that it is found from the sources and from dist/, however that is bundled. */
const data = (): string => join(dirname(createRequire(import.meta.url).resolve('@denary/train/package.json')), 'data');

const REMEDY = 'Install @denary/train again: the file is part of it.';

export function shippedCsv({ name, description, file, trains, ...format }: ShippedCsv): Source {
  const path = () => join(data(), file.name);
  return {
    description,
    takes: [],

    async load(split) {
      if (!(await isThere(path()))) {
        const [expected, received] = [path(), 'no such file'];
        throw new DenaryError({ code: 'not-found', who: `data set ${name}`, expected, received, remedy: REMEDY });
      }
      const whole = datasetFromCsv({ name, bytes: await readChecked(path(), file, REMEDY), ...format });
      const range = split === 'train' ? { from: 0, to: trains } : { from: trains, to: whole.count };
      return { ...subset(whole, range), name: `${name}-${split}` };
    },

    async find() {
      if (await isThere(path())) return here(data());
      return { available: false, where: data(), missing: [file.name], remedy: REMEDY };
    },
  };
}
