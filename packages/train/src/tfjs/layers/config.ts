/** A layer's configuration as Keras writes it, read key by key; a value of another kind than Keras has there is `bad-model`. */

import { problem } from '@denary/core';

export interface LayerSpec {
  /** Keras' class: `Dense`, `Conv2D`. */
  readonly className: string;
  readonly name: string;
  readonly config: Config;
}

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `channelsFirst`, `channels_first` and `Channels-First` are one name: TensorFlow.js and Keras write it each in its way. */
export const plain = (name: string): string => name.toLowerCase().replace(/[_-]/g, '');

export class Config {
  constructor(
    readonly values: Json,
    /** What errors call the layer. */
    readonly who: string,
  ) {}

  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  number(key: string, fallback?: number): number {
    const value = this.values[key] ?? fallback;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.wrong(key, 'a number', value);
  }

  /** A whole number of at least `least`. */
  whole(key: string, least: number, fallback?: number): number {
    const value = this.number(key, fallback);
    return Number.isInteger(value) && value >= least ? value : this.wrong(key, `a whole number >= ${least}`, value);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.values[key] ?? fallback;
    return typeof value === 'boolean' ? value : this.wrong(key, 'true or false', value);
  }

  /** One of `choices`, in whatever way it is written. */
  choice<const C extends string>(key: string, choices: readonly C[], fallback?: C): C {
    const value = this.values[key] ?? fallback;
    const found = typeof value === 'string' && choices.find((choice) => plain(choice) === plain(value));
    return found || this.wrong(key, choices.join(' or '), value);
  }

  /** Sizes along `count` axes; one number stands for all of them. */
  sizes(key: string, count: number, fallback?: number | readonly number[]): readonly number[] {
    const value = this.values[key] ?? fallback;
    const list = typeof value === 'number' ? new Array<number>(count).fill(value) : value;
    const fits =
      Array.isArray(list) && list.length === count && list.every((size) => Number.isInteger(size) && size > 0);
    return fits ? (list as number[]) : this.wrong(key, `${count} whole numbers > 0`, value);
  }

  /** Whole numbers, or one. */
  wholes(key: string, fallback?: readonly number[]): readonly number[] {
    const value = this.values[key] ?? fallback;
    const list = typeof value === 'number' ? [value] : value;
    return Array.isArray(list) && list.every(Number.isInteger) ? list : this.wrong(key, 'whole numbers', value);
  }

  /** Another layer, as the wrappers hold one. */
  layer(key: string): LayerSpec {
    return layerSpec(this.values[key], `${this.who}.${key}`);
  }

  wrong(key: string, expected: string, value: unknown): never {
    throw problem(
      'bad-model',
      this.who,
      `${expected} as ${key}`,
      JSON.stringify(value) ?? 'nothing',
      'Save the model again.',
    );
  }
}

/** `{ class_name, config }` as a layer. Throws `bad-model` where it is none. */
export function layerSpec(value: unknown, who: string): LayerSpec {
  const { class_name: className, config, name } = isObject(value) ? value : {};
  // Before Keras 2.3, a Sequential's configuration was the list of its layers.
  const values = Array.isArray(config) ? { layers: config } : config;
  if (typeof className !== 'string' || !isObject(values)) {
    throw problem('bad-model', who, 'a layer: class_name and config', show(value), 'Save the model again.');
  }
  const own = [values.name, name, className].find((item) => typeof item === 'string') as string;
  return { className, name: own, config: new Config(values, `${className} "${own}"`) };
}

export const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 100);
