import { describe, expect, it } from 'vitest';
import { checkShardPath } from './shard-path.js';

describe('the path of a shard', () => {
  it.each(['group1-shard1of1.bin', 'weights/group1-shard1of2', 'a b.bin', 'ä.bin', 'a..b', '...'])(
    'may be %j',
    (path) => {
      expect(checkShardPath(path, 'a model')).toBe(path);
    },
  );

  it.each([
    '',
    '.',
    '..',
    '../secret.bin',
    'a/../../secret.bin',
    'a/./b.bin',
    'a//b.bin',
    '/etc/passwd',
    '~/secret.bin',
    'C:\\secret.bin',
    'C:secret.bin',
    '..\\secret.bin',
    'a\\..\\..\\secret.bin',
    'http://example.com/x.bin',
    'file:///etc/passwd',
    'data:,x',
    '//example.com/x.bin',
    '%2e%2e/secret.bin',
    '..%2fsecret.bin',
    '%2Fetc%2Fpasswd',
    'a%00.bin',
    'a\u0000.bin',
    'a\n.bin',
    ' .. /secret.bin',
    'x.bin?token=1',
    'x.bin#y',
    7,
    null,
    ['x.bin'],
    undefined,
  ])('may not be %j', (path) => {
    expect(() => checkShardPath(path, 'a model')).toThrow(
      expect.objectContaining({ code: 'bad-model', who: 'a model', expected: expect.stringContaining('folder') }),
    );
  });
});
