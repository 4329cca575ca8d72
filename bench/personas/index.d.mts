import type { Dataset } from '@denary/train';

export declare const personaNames: readonly string[];
export declare function written(digits: Dataset, name: string, seed: number): Dataset;
export declare function enlarged(optdigits: Dataset, name?: string): Dataset;
export declare function drawEach(dataset: Dataset, each: number, seed: number): number[];
export declare function halves(dataset: Dataset, seed: number): { own: Dataset; held: Dataset };
