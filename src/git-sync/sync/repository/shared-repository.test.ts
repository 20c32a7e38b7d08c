/** The repository of a root, with real git. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { fetchFollowed } from '../fetching/fetch.ts';
import { makeSyncScene } from '../testing/scene.ts';
import { removeGitLeftovers } from './leftovers.ts';
import { OWN_DIR } from './rebuild.ts';

const { signal } = new AbortController();
const broken = (names: readonly string[]) => names.filter((name) => name.startsWith('.git.broken-'));

describe('a root without a repository', () => {
  it('gets one that git fetches into, once', async () => {
    const { root, repo, inRoot } = await makeSyncScene();
    const hash = await inRoot({}, async (context) => {
      expect(context.kinds).toEqual(['creating-repository']);
      return fetchFollowed(context, undefined, signal);
    });
    expect(hash).toBe(await repo.hash());
    expect(await readdir(root)).toEqual(['.git']);
    await inRoot({}, async ({ kinds, git }) => {
      expect(kinds).toEqual([]);
      expect(await git.run(['cat-file', '-t', hash], { cwd: root, signal })).toBe('commit');
    });
  });

  it('keeps what else lies in it', async () => {
    const { root, inRoot } = await makeSyncScene();
    await writeFile(join(root, 'mine'), 'x');
    await inRoot({}, async () => {});
    expect((await readdir(root)).toSorted()).toEqual(['.git', 'mine']);
  });
});

describe('a new repository in the place of a damaged one', () => {
  it('takes over once its fetch has succeeded, with what Pillion recorded; the old one is set aside', async () => {
    const { root, inRoot } = await makeSyncScene();
    await inRoot({}, async (context) => {
      await mkdir(join(root, '.git', OWN_DIR), { recursive: true });
      await writeFile(join(root, '.git', OWN_DIR, 'record'), 'kept');
      const { shared, open } = context;
      const hash = await shared.rebuild(open, 'sha1', () => fetchFollowed(context, undefined, signal));
      expect(await context.git.run(['cat-file', '-t', hash], { cwd: root, signal })).toBe('commit');
    });
    expect(await readFile(join(root, '.git', OWN_DIR, 'record'), 'utf8')).toBe('kept');
    expect(broken(await readdir(root))).toHaveLength(1);
  });

  it('leaves everything as it was when its fetch fails', async () => {
    const { root, inRoot } = await makeSyncScene();
    await inRoot({}, async (context) => {
      const { shared, open } = context;
      const hash = await fetchFollowed(context, undefined, signal);
      const failing = shared.rebuild(open, 'sha1', () => Promise.reject(new Error('no network')));
      await expect(failing).rejects.toThrow('no network');
      expect(await context.git.run(['cat-file', '-t', hash], { cwd: root, signal })).toBe('commit');
    });
    expect(await readdir(root)).toEqual(['.git']);
  });

  it('keeps at most one of its own predecessors', async () => {
    const { root, inRoot } = await makeSyncScene();
    await inRoot({}, async ({ shared, open }) => {
      await mkdir(join(root, '.git', OWN_DIR), { recursive: true });
      for (let round = 0; round < 3; round += 1) {
        await shared.rebuild(open, 'sha1', () => Promise.resolve());
        // They are named by the time.
        const before = Date.now();
        await waitFor(() => Date.now() > before, { what: 'another millisecond', intervalMs: 1 });
      }
    });
    expect(broken(await readdir(root))).toHaveLength(1);
  });
});

describe('what a killed git leaves', () => {
  it('is removed, and nothing else', async () => {
    const { root, inRoot } = await makeSyncScene();
    const gitDir = join(root, '.git');
    const leftovers = ['shallow.lock', 'gc.pid', 'worktrees/x/index.lock', 'objects/pack/tmp_pack_a'];
    await inRoot({}, async ({ open, log }) => {
      await mkdir(join(gitDir, 'worktrees', 'x'), { recursive: true });
      await mkdir(join(gitDir, 'objects', 'pack'), { recursive: true });
      await mkdir(join(root, '.git.new-0123'));
      for (const name of leftovers) {
        await writeFile(join(gitDir, name), '');
      }
      await writeFile(join(gitDir, 'worktrees', 'x', 'locked'), '');
      await writeFile(join(root, 'user.lock'), '');
      await removeGitLeftovers(open, log);
    });
    const left = await readdir(gitDir, { recursive: true });
    expect(leftovers.filter((name) => left.includes(name))).toEqual([]);
    expect(left).toContain('worktrees/x/locked');
    expect((await readdir(root)).toSorted()).toEqual(['.git', 'user.lock']);
  });
});
