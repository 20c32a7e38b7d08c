/** Several git-syncs on one root that ask for different trees of the same commit. */
import { readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRepository } from '../../../test/support/git-repository.ts';
import type { SyncSpec } from './spec.ts';
import { makeSyncScene } from './testing/scene.ts';

/** What a reader of a link has: each entry with its inode, so that nothing in it can have been made again. */
async function seen(link: string): Promise<string[]> {
  const tree = resolve(dirname(link), await readlink(link));
  const names = await readdir(tree, { recursive: true });
  const all = ['.', ...names.sort()].map(async (name) => `${name} ${(await stat(join(tree, name))).ino}`);
  return [await readlink(link), ...(await Promise.all(all))];
}

const names = async (link: string) => (await readdir(link)).filter((name) => name !== '.git').sort();

const FILES = { 'docs/page': 'one\n', 'src/code': 'one\n', top: 'one\n' };

describe('git-syncs on one root', () => {
  it.each([
    ['other sparse paths', { sparsePaths: ['docs'] }, { sparsePaths: ['src'] }, ['src', 'top']],
    ['all files where one has some', { sparsePaths: ['docs'] }, {}, ['docs', 'src', 'top']],
    ['some files where one has all', {}, { sparsePaths: ['docs'] }, ['docs', 'top']],
    ['no git metadata', {}, { publishArchive: true }, ['docs', 'src', 'top']],
    ['the file that tells the commit', {}, { publishCommitInfo: true }, ['.pillion', 'docs', 'src', 'top']],
    ['no such file', { publishCommitInfo: true }, {}, ['docs', 'src', 'top']],
  ] satisfies [string, Partial<SyncSpec>, Partial<SyncSpec>, string[]][])(
    'leave each other their trees when a second one wants %s',
    async (_, one, two, expected) => {
      const scene = await makeSyncScene();
      await scene.repo.commit({ ...FILES, file: null });
      const first = await scene.start({ ...one, link: 'one' });
      await first.pass();
      const before = await seen(scene.join('root/one'));
      const second = await scene.start({ ...two, link: 'two' });
      await second.pass();
      await first.pass();
      expect(await seen(scene.join('root/one'))).toEqual(before);
      expect(await names(scene.join('root/two'))).toEqual(expected);
      // Nothing moves at the next poll or start either.
      const there = await seen(scene.join('root/two'));
      expect(await second.pass()).toMatchObject({ changed: false });
      await second.end();
      const again = await scene.start({ ...two, link: 'two' });
      expect(again.syncer.status().hasEarlierData).toBe(true);
      expect(await again.pass()).toMatchObject({ changed: false });
      expect(await seen(scene.join('root/two'))).toEqual(there);
      expect(await seen(scene.join('root/one'))).toEqual(before);
    },
  );

  it('that ask for different files each follow the next commit, whoever is first, and leave nothing of the last', async () => {
    const scene = await makeSyncScene();
    await scene.repo.commit(FILES);
    const docs = await scene.start({ sparsePaths: ['docs'], link: 'docs' });
    const src = await scene.start({ sparsePaths: ['src'], link: 'src' });
    for (const [round, order] of [
      [docs, src],
      [src, docs],
      [docs, src],
    ].entries()) {
      const hash = await scene.repo.commit({ 'docs/page': `${round}\n`, 'src/code': `${round}\n` });
      for (const sync of order) {
        expect(await sync.pass()).toMatchObject({ hash, changed: true });
      }
      for (const sync of [docs, src]) {
        expect(await sync.pass()).toMatchObject({ hash, changed: false });
      }
      expect(await readFile(scene.join('root/docs/docs/page'), 'utf8')).toBe(`${round}\n`);
      expect(await readFile(scene.join('root/src/src/code'), 'utf8')).toBe(`${round}\n`);
      expect(await names(scene.join('root/docs'))).not.toContain('src');
      expect(await names(scene.join('root/src'))).not.toContain('docs');
      const trees = (await readdir(scene.join('root/.worktrees'), { recursive: true })).filter((path) =>
        /(^|\/)[0-9a-f]{40}$/.test(path),
      );
      expect(trees.sort()).toEqual([`.beside-1/${hash}`, hash].sort());
    }
  });

  it('that ask for the same share one tree', async () => {
    const scene = await makeSyncScene();
    const hash = await scene.repo.commit(FILES);
    for (const link of ['one', 'two']) {
      await (await scene.start({ sparsePaths: ['docs'], link })).pass();
      expect(await readlink(scene.join('root', link))).toBe(`.worktrees/${hash}`);
    }
  });

  it('run their hooks in the tree that is theirs', async () => {
    const scene = await makeSyncScene();
    await scene.repo.commit(FILES);
    await (await scene.start({ link: 'one' })).pass();
    const out = scene.join('out');
    const exechook = { command: 'ls > "$OUT"', timeoutMs: 10_000, backoffMs: 1000 };
    const spec = { sparsePaths: ['docs'], link: 'two', exechook, exechookShell: true };
    const two = await scene.start(spec, { hookEnv: { PATH: process.env['PATH'] ?? '', OUT: out } });
    await two.pass();
    await expect.poll(() => readFile(out, 'utf8').catch(() => '')).toBe('docs\nfile\ntop\n');
  });

  it('with submodules and without leave each other their trees', async () => {
    const scene = await makeSyncScene();
    const module = await createRepository(scene.join('module.git'));
    const gitlink = await module.commit({ inner: 'x\n' });
    const gitmodules = `[submodule "mod"]\n\tpath = mod\n\turl = ${module.url}\n`;
    const gitConfig = [{ key: 'protocol.file.allow', value: 'always' }];
    await scene.repo.commit({ '.gitmodules': gitmodules, mod: { gitlink } });
    await (await scene.start({ submodules: 'off', link: 'one', gitConfig })).pass();
    const before = await seen(scene.join('root/one'));
    await (await scene.start({ submodules: 'recursive', link: 'two', gitConfig })).pass();
    expect(await seen(scene.join('root/one'))).toEqual(before);
    expect(await names(scene.join('root/two/mod'))).toEqual(['inner']);
  });

  it('leave the sparse tree alone to which a link of an older git-sync leads', async () => {
    const scene = await makeSyncScene();
    const hash = await scene.repo.commit(FILES);
    const first = await scene.start({ sparsePaths: ['docs'], link: 'one' });
    await first.pass();
    await first.end();
    await symlink(`.worktrees/${hash}`, scene.join('root/elder'));
    const before = await seen(scene.join('root/elder'));
    await rm(scene.join('root/.git/worktrees', hash, 'info/pillion-form'));
    await (await scene.start({ sparsePaths: ['src'], link: 'one' })).pass();
    expect(await seen(scene.join('root/elder'))).toEqual(before);
    expect(await names(scene.join('root/one'))).toEqual(['file', 'src', 'top']);
  });

  it('say so when there are more wishes for one commit than places', async () => {
    const scene = await makeSyncScene();
    await scene.repo.commit(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`d${at}/f`, 'x\n'])));
    for (let at = 0; at < 9; at += 1) {
      await (await scene.start({ sparsePaths: [`d${at}`], link: `link${at}` })).pass();
    }
    const last = await scene.start({ sparsePaths: ['d9'], link: 'last' });
    await expect(last.pass()).rejects.toMatchObject({ code: 'trees_taken' });
    expect(await names(scene.join('root/link8'))).toEqual(['d8', 'file']);
  });

  it('may each change what they ask for at a restart, without a moment for which the link leads to less', async () => {
    const scene = await makeSyncScene();
    const hash = await scene.repo.commit(FILES);
    for (const sparsePaths of [['docs'], ['src']]) {
      for (const link of ['one', 'two']) {
        const sync = await scene.start({ sparsePaths, link });
        await sync.pass();
        await sync.end();
        expect(await names(scene.join('root', link))).toEqual(['file', ...sparsePaths, 'top'].sort());
      }
    }
    expect((await readdir(scene.join('root/.worktrees'))).sort()).toContain(hash);
  });
});
