/** See contest.mjs, and clock.mjs for the lines. */

export interface Work {
  readonly task: 'training' | 'inference';
  readonly system: string;
  readonly batches: readonly number[];
  readonly limit: number;
}
export interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  readonly order: object;
  readonly unavailable?: string;
  readonly rounds?: number;
}
export interface Result {
  readonly batch: number;
  readonly milliseconds?: number;
  readonly error?: string;
}
export interface Cell {
  readonly who: string;
  readonly batch: number;
  readonly results: readonly Result[];
  readonly error?: string;
}
export interface Options {
  readonly rounds: number;
  readonly threads: number;
  readonly report: (news: { readonly round: number; readonly who: string; readonly result: Result }) => void;
}
export function contest(work: Work, contestants: readonly Contestant[], options: Options): Promise<Cell[]>;
