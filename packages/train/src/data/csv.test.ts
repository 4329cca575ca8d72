import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datasetFromCsv } from './csv.js';

const format = { name: 'tiny.csv', height: 2, width: 2, classes: 10, brightest: 16 };
const decode = (text: string) => datasetFromCsv({ ...format, bytes: new TextEncoder().encode(text) });
const badData = (message: RegExp) =>
  expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) });

describe('datasetFromCsv', () => {
  it.each([
    ['LF', '0,1,2,16,9\n4,5,6,7,0\n'],
    ['CRLF', '0,1,2,16,9\r\n4,5,6,7,0\r\n'],
    ['no end of the last line', '0,1,2,16,9\n4,5,6,7,0'],
  ])('reads lines with %s', (_, text) => {
    const dataset = decode(text);
    expect(dataset).toMatchObject({ name: 'tiny.csv', count: 2, height: 2, width: 2, classes: 10, slots: 1 });
    expect(Array.from(dataset.images)).toEqual([0, 1, 2, 16, 4, 5, 6, 7]);
    expect(Array.from(dataset.labels)).toEqual([9, 0]);
  });

  it.each([
    ['a column too few', '0,1,2,9', /tiny\.csv, line 1: expected 5 columns.*received 4/],
    ['a column too many', '0,1,2,3,4,9', /received 6/],
    ['a pixel too bright', '0,1,2,3,9\n0,1,17,3,9', /line 2: expected a pixel in 0\.\.16 in column 3, received "17"/],
    ['a label too large', '0,1,2,3,10', /a label in 0\.\.9 in column 5, received "10"/],
    ['a negative pixel', '-1,1,2,3,9', /"-1"/],
    ['a fraction', '0.5,1,2,3,9', /"0\.5"/],
    ['an exponent', '1e1,1,2,3,9', /"1e1"/],
    ['nothing in a column', '0,,2,3,9', /column 2, received ""/],
    ['blanks', '0, 1,2,3,9', /" 1"/],
    ['a header', 'a,b,c,d,label', /"a"/],
    ['an empty line', '0,1,2,3,9\n\n0,1,2,3,9\n', /line 2: expected 5 columns/],
    ['nothing', '', /at least one sample/],
  ])('refuses %s', (_, text, message) => {
    expect(() => decode(text)).toThrow(badData(message));
  });

  it('never does anything but return or throw a DenaryError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(() => datasetFromCsv({ ...format, bytes })).toThrow(badData(/./));
      }),
    );
  });
});
