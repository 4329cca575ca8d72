/** Small pieces of text for people: tables, bars, numbers, durations. */

/** Columns padded to their widest cell; numbers are told by their look and set to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const numeric = header.map((_, column) => rows.every((row) => /^[-+\d.,%\s]*(kB|MB)?$/.test(row[column]!)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** A bar for a fraction from 0 to 1. */
export function bar(fraction: number, width = 20): string {
  const full = Math.round(Math.min(Math.max(fraction, 0), 1) * width);
  return '━'.repeat(full) + '─'.repeat(width - full);
}

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** 4915 as `4.9 kB`. */
export const fileSize = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** 75 as `1:15`, 4,000 as `1:06:40`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, i) => (i ? `${part}`.padStart(2, '0') : `${part}`)).join(':');
}

export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)}%`;
