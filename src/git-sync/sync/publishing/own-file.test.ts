import { mkdir, symlink } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { requireOwnFile } from './own-file.ts';

const dir = useTempDir();

beforeEach(async () => {
  await mkdir(dir.join('real/root/.worktrees'), { recursive: true });
  await symlink('real', dir.join('alias'));
  await symlink('.', dir.join('real/here'));
  await symlink('.worktrees/x', dir.join('real/root/link'));
});

const check = (path: string, parts: { root?: string; link?: string } = {}) =>
  requireOwnFile(
    { root: dir.join('real/root'), link: 'link', dialect: 'v4', ...parts },
    '--error-file',
    path,
  );

it.each([
  ['its name', 'link'],
  ['a way with ..', 'sub/../link'],
  ['its absolute path', 'real/root/link'],
  ['a directory that is a symbolic link', 'alias/root/link'],
  ['two of them', 'alias/here/root/link'],
  ['a way out and in again', 'real/root/../root/link'],
])('a file that is the published link is refused, by %s', async (_, path) => {
  const given = path.includes('root') ? dir.join(path) : path;
  await expect(check(given)).rejects.toMatchObject({ code: 'file_is_link' });
});

it('a link elsewhere, or a root that is reached by a symbolic link, is no way around', async () => {
  await expect(check(dir.join('real/out'), { link: dir.join('alias/out') })).rejects.toMatchObject({
    code: 'file_is_link',
  });
  await expect(check(dir.join('real/root/link'), { root: dir.join('alias/root') })).rejects.toMatchObject({
    code: 'file_is_link',
  });
});

it("a file among git-sync's own is refused", async () => {
  for (const path of ['.git/config', '.worktrees/x', dir.join('alias/root/.git/e')]) {
    await expect(check(path)).rejects.toMatchObject({ code: 'file_cleaned_away' });
  }
});

it('a file anywhere else is fine, also where nothing is yet', async () => {
  for (const path of ['', 'error.json', 'sub/link', dir.join('alias/error.json'), dir.join('new/dir/link')]) {
    await expect(check(path)).resolves.toBeUndefined();
  }
});
