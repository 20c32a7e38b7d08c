import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { holdsNoData, isEmpty } from './empty.ts';

const temp = useTempDir();
const verdicts = async (ignored: readonly string[] = []) => [
  await isEmpty(temp.path, ignored),
  holdsNoData(temp.path, ignored),
];

it('a volume with nothing but our folder, lost+found and what is ignored is empty', async () => {
  expect(await verdicts()).toEqual([true, true]);
  await mkdir(temp.join('.pillion/quarantine'), { recursive: true });
  await writeFile(temp.join('.pillion/marker.json'), '{}');
  await mkdir(temp.join('lost+found'));
  expect(await verdicts()).toEqual([true, true]);
  await writeFile(temp.join('ä'), 'x');
  expect(await verdicts()).toEqual([false, false]);
  expect(await verdicts(['ä'])).toEqual([true, true]);
});

it('one with nothing but directories and empty files is not empty, and holds no data', async () => {
  await mkdir(temp.join('a/b/c'), { recursive: true });
  await writeFile(temp.join('a/conf.ini'), '');
  expect(await verdicts()).toEqual([false, true]);
});

it.each<[string, () => unknown]>([
  ['a file with a byte in it', async () => writeFile(temp.join('a/file'), 'x')],
  ['a link', async () => symlink('nowhere', temp.join('a/link'))],
  ['a FIFO', () => spawnSync('mkfifo', [temp.join('a/fifo')])],
  ['more levels than are looked at', async () => mkdir(temp.join('d/'.repeat(70)), { recursive: true })],
])('one with %s holds something', async (_, make) => {
  await mkdir(temp.join('a'));
  await make();
  expect(await verdicts()).toEqual([false, false]);
});
