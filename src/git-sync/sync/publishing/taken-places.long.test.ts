/** What a neighbour puts in the places of our files in `.git` keeps no commit from being published, and told. */
import { lstat, mkdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../../test/support/git.ts';
import { makeSyncScene } from '../testing/scene.ts';

const FILES = [
  'config',
  'HEAD',
  'shallow',
  'commondir',
  'refs/heads/git-sync',
  'pillion/links/link',
  'pillion/published.json',
];
const DIRECTORIES = ['refs', 'worktrees', 'pillion'];

/** A root with a published commit, and what it takes to see the next one published. */
async function makePublishedRoot() {
  const { repo, root, link, start } = await makeSyncScene();
  const { pass, kinds, syncer } = await start();
  await pass();
  return {
    inGit: (name: string) => join(root, '.git', name),
    async expectNext(name: string) {
      const hash = await repo.commit({ file: `${name}\n` });
      kinds();
      await pass();
      expect(kinds()).toContain('published');
      expect(syncer.status()).toMatchObject({ failuresInARow: 0 });
      expect(basename(await readlink(link))).toBe(hash);
      expect(await git(await realpath(link), 'log', '--format=%H')).toBe(hash);
    },
  };
}

describe('a commit is published, and the hooks hear of it', () => {
  it('though there are directories in the places of files in .git, again and again', async () => {
    const { inGit, expectNext } = await makePublishedRoot();
    for (const round of ['second', 'third']) {
      for (const file of [...FILES, 'config.set-aside']) {
        await rm(inGit(file), { recursive: true, force: true });
        await mkdir(join(inGit(file), round), { recursive: true });
      }
      await expectNext(round);
      for (const file of FILES) {
        const found = await lstat(inGit(file)).catch(() => undefined);
        expect(found?.isDirectory(), file).not.toBe(true);
      }
    }
  });

  it('though there are files in the places of directories in .git', async () => {
    const { inGit, expectNext } = await makePublishedRoot();
    for (const directory of DIRECTORIES) {
      await rm(inGit(directory), { recursive: true });
      await writeFile(inGit(directory), 'x');
    }
    await expectNext('second');
    await rm(dirname(inGit('refs/heads/git-sync')), { recursive: true });
    await writeFile(inGit('refs/heads'), 'x');
    await expectNext('third');
  });
});
