/**
 * WebAssembly written as expressions: each is nested lists of bytes, and `assemble` makes a module of functions whose bodies they
 * are. As much of the format as the kernels need (webassembly.github.io/spec/core/binary, and Relaxed SIMD's multiply-add).
 */

export type Code = number | readonly Code[];
export type ValueType = 'i32' | 'v128';
const typeCodes = { i32: 0x7f, v128: 0x7b };

/** Integers are written in seven bits a byte, the least first (LEB128). */
function unsigned(value: number): Code {
  return value < 128 ? value : [(value & 127) | 128, unsigned(value >>> 7)];
}
function signed(value: number): Code {
  return value >= -64 && value < 64 ? value & 127 : [(value & 127) | 128, signed(value >> 7)];
}

/** A function in the making: its parameters are i32, and locals are added as they are needed. */
export class Definition {
  readonly locals: ValueType[] = [];
  constructor(readonly parameters: number) {}

  local(type: ValueType): number {
    return this.parameters + this.locals.push(type) - 1;
  }

  vectors(count: number): number[] {
    return Array.from({ length: count }, () => this.local('v128'));
  }
}

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];

export const int = (value: number): Code => [0x41, signed(value)];
const integers = (operator: number) => (a: Code, b: Code) => [a, b, operator];
export const plus = integers(0x6a);
export const minus = integers(0x6b);
export const times = integers(0x6c);
export const quotient = integers(0x6d);
export const remainder = integers(0x6f);
export const lessThan = integers(0x48);
export const advance = (local: number, by: number | Code): Code =>
  set(local, plus(get(local), typeof by === 'number' ? int(by) : by));

/** Whatever the alignment: only the hint says that it is four bytes. */
const access = (code: Code, hint: number) => (address: Code, offset: number) => [address, code, hint, unsigned(offset)];
const vector = (operator: number): Code => [0xfd, unsigned(operator)];
/** Four floats; the offset is in bytes, as everywhere. */
export const load = access(vector(0x00), 2);
/** One float, four times. */
export const loadSplat = access(vector(0x09), 2);
/** Four bytes as four floats. */
export const loadBytes = (address: Code, offset: number): Code => [
  access(vector(0x5c), 0)(address, offset),
  vector(0x89),
  vector(0xa9),
  vector(0xfb),
];
export const store = (address: Code, value: Code, offset: number): Code => [
  address,
  value,
  vector(0x0b),
  2,
  unsigned(offset),
];

const vectors = (operator: number) => (a: Code, b: Code) => [a, b, vector(operator)];
export const add = vectors(0xe4);
export const subtract = vectors(0xe5);
export const multiply = vectors(0xe6);
/** b where a < b, else a: one instruction, unlike the maximum that minds NaN. */
export const larger = vectors(0xeb);
export const splat = (value: number): Code => {
  const bytes = [...new Uint8Array(new Float32Array([value]).buffer)];
  return [vector(0x0c), bytes, bytes, bytes, bytes];
};
export const relu = (value: Code): Code => larger(splat(0), value);

/** a * b + c, by one instruction where there is Relaxed SIMD. */
export type MultiplyAdd = (a: Code, b: Code, c: Code) => Code;
export const multiplyAdd =
  (relaxed: boolean): MultiplyAdd =>
  (a, b, c) =>
    relaxed ? [a, b, c, vector(0x105)] : add(c, multiply(a, b));

const EMPTY = 0x40;
/** The local counts by `step` from 0 to below the end; the body runs once at least. */
export const loop = (local: number, end: Code, step: number, body: Code): Code => [
  set(local, int(0)),
  [0x03, EMPTY, body, advance(local, step), lessThan(get(local), end), 0x0d, 0, 0x0b],
];
export const when = (condition: Code, body: Code): Code => [condition, 0x04, EMPTY, body, 0x0b];

export interface Named {
  readonly name: string;
  readonly definition: Definition;
  readonly body: Code;
}

const list = (items: readonly Code[]): Code => [unsigned(items.length), items];
const text = (value: string) => list([...new TextEncoder().encode(value)]);
const sized = (content: Code): Code => list(flat(content));
const section = (id: number, items: readonly Code[]): Code => [id, sized(list(items))];
function flat(code: Code, into: number[] = []): number[] {
  if (typeof code === 'number') into.push(code);
  else for (const part of code) flat(part, into);
  return into;
}

/** A module that imports its memory as `env.memory`, and exports the functions by their names. */
export function assemble(functions: readonly Named[]): Uint8Array<ArrayBuffer> {
  const bodies = functions.map(({ definition: { locals }, body }) =>
    sized([list(locals.map((type) => [1, typeCodes[type]])), body, 0x0b]),
  );
  const module = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(
      1,
      functions.map(({ definition: { parameters } }) => [0x60, list(Array(parameters).fill(typeCodes.i32)), 0]),
    ),
    section(2, [[text('env'), text('memory'), 2, 0, 1]]),
    section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    section(
      7,
      functions.map(({ name }, i) => [text(name), 0, unsigned(i)]),
    ),
    section(10, bodies),
  ];
  return Uint8Array.from(flat(module));
}
