import { expect, it } from 'vitest';
import { mountPoints } from './mounts.ts';

const line = (id: number, parent: number, point: string) =>
  `${id} ${parent} 8:1 / ${point} rw,relatime shared:1 - ext4 /dev/sda1 rw`;

it('finds what is mounted below a directory, by bytes', () => {
  const list = [
    line(20, 1, '/'),
    line(30, 20, '/data'),
    line(31, 30, '/data/sub/conf'),
    line(32, 30, String.raw`/data/a\040b\134c\012`),
    line(33, 30, '/data/\xff'),
    line(34, 30, '/database'),
    line(35, 20, '/tmp'),
    '',
  ].join('\n');
  expect(mountPoints(list, '30', '/data')).toEqual(['sub/conf', 'a b\\c\n', '\xff']);
  expect(mountPoints(list, '30', '/data/sub')).toEqual(['conf']);
  expect(mountPoints(list, '20', '/')).toEqual(['data', 'tmp']);
});

it('does not find what was mounted before another mount was put over it', () => {
  const list = [line(30, 20, '/data'), line(31, 30, '/data/sub'), line(32, 30, '/data')].join('\n');
  expect(mountPoints(list, '32', '/data')).toEqual([]);
  const over = [line(30, 20, '/data'), line(31, 30, '/data/a/b'), line(32, 30, '/data/a')].join('\n');
  expect(mountPoints(over, '30', '/data')).toEqual(['a']);
});
