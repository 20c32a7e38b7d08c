import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { createPublishedCheck } from './published-check.ts';

const dir = useTempDir();

it('a link is ready as long as it leads to a directory, and nothing in its place is waited for', async () => {
  const isPublished = createPublishedCheck(dir.join('link'));
  expect(await isPublished()).toBe(false);
  await symlink('tree', dir.join('link'));
  expect(await isPublished()).toBe(false);
  await mkdir(dir.join('tree'));
  expect(await Promise.all([isPublished(), isPublished()])).toEqual([true, true]);
  await rm(dir.join('tree'), { recursive: true });
  execFileSync('mkfifo', [dir.join('tree')]);
  expect(await isPublished()).toBe(false);
  await rm(dir.join('link'));
  await symlink('link', dir.join('link'));
  expect(await isPublished()).toBe(false);
});
