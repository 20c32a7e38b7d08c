import { mkdir, readdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { boundCache } from './cache-limit.ts';

const temp = useTempDir();
const KIB = 1024;

async function repository(name: string, kib: number, usedAt: number): Promise<void> {
  const folder = temp.join(`restic-cache/${name}`);
  await mkdir(`${folder}/data/ab`, { recursive: true });
  await writeFile(`${folder}/data/ab/pack`, Buffer.alloc(kib * KIB, 'x'));
  await utimes(folder, usedAt, usedAt);
}

it('keeps what was used last, as far as the limit goes, and whole repositories alone', async () => {
  await repository('old', 100, 1000);
  await repository('newest', 200, 3000);
  await repository('large', 900, 2000);
  expect(await boundCache(temp.path, 2000 * KIB)).toBe(0);
  const removed = await boundCache(temp.path, 400 * KIB);
  expect((await readdir(temp.join('restic-cache'))).toSorted()).toEqual(['newest', 'old']);
  expect(removed).toBeGreaterThan(900 * KIB);
  await boundCache(temp.path, 0);
  expect(await readdir(temp.join('restic-cache'))).toEqual([]);
});

it('counts what takes room on the disk, and follows no link', async () => {
  await mkdir(temp.join('elsewhere'));
  await writeFile(temp.join('elsewhere/file'), Buffer.alloc(500 * KIB, 'x'));
  await repository('one', 10, 1000);
  await writeFile(temp.join('restic-cache/one/hole'), '');
  await truncate(temp.join('restic-cache/one/hole'), 1e9);
  await symlink(temp.join('elsewhere'), temp.join('restic-cache/one/link'));
  expect(await boundCache(temp.path, 200 * KIB)).toBe(0);
  await boundCache(temp.path, 0);
  expect(await readdir(temp.join('elsewhere'))).toEqual(['file']);
});

it('is content where there is no cache', async () => {
  expect(await boundCache(temp.join('nowhere'), 0)).toBe(0);
});
