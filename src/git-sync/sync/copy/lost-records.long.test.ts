/** Copies whose records were lost, and what a change of a copy reads. */
import { appendFile, lstat, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRepository } from '../../../../test/support/git-repository.ts';
import { makeSyncScene, type SyncScene } from '../testing/scene.ts';

const COPY = { publish: 'copy' } as const;
const names = async (copy: string) =>
  (await readdir(copy, { recursive: true })).filter((name) => !name.startsWith('.pillion')).sort();
const inode = async (path: string) => (({ ino, mtimeMs }) => ({ ino, mtimeMs }))(await lstat(path));

async function copied(files: Parameters<SyncScene['repo']['commit']>[0], parts: object = {}) {
  const scene = await makeSyncScene();
  await scene.repo.commit({ file: null, ...files });
  const sync = await scene.start({ ...COPY, ...parts });
  await sync.pass();
  return { scene, sync, copy: scene.link };
}

describe('a copy whose records were lost', () => {
  it.each([
    ['with its commit', async () => undefined],
    [
      'when the ref has moved meanwhile',
      async (scene: SyncScene) => scene.repo.commit({ 'd/f': 'two\n', old: null }),
    ],
  ])('goes on where its files are those that were published, %s', async (_, change) => {
    const { scene, sync, copy } = await copied({ 'd/f': 'one\n', old: 'x\n', l: { symlink: 'd/f' } });
    await sync.end();
    await rm(join(copy, '.pillion'), { recursive: true });
    await writeFile(join(copy, 'mine'), 'mine');
    const before = await inode(join(copy, 'l'));
    await change(scene);
    const next = await scene.start(COPY);
    const { hash } = await next.pass();
    expect(hash).toBe(await scene.repo.hash());
    expect(next.lines.join('\n')).toContain('it is taken for a copy');
    const isMoved = (await readFile(join(copy, 'd/f'), 'utf8')) === 'two\n';
    expect(await names(copy)).toEqual(['d', 'd/f', 'l', 'mine', ...(isMoved ? [] : ['old'])]);
    expect(await inode(join(copy, 'l'))).toEqual(before);
  });

  it.each([
    ['a file has other content', {}, async (copy: string) => writeFile(join(copy, 'd/f'), 'mine'), 'd/f'],
    ['a file is missing', {}, async (copy: string) => rm(join(copy, 'd/f')), 'd/f'],
    [
      'there is one more that would go',
      { publishForeignFiles: 'remove' as const },
      async (copy: string) => writeFile(join(copy, 'd/mine'), 'mine'),
      'd/mine',
    ],
  ])(
    'is not touched where %s, and the error says which, and how to go on',
    async (_, parts, change, path) => {
      const { scene, sync, copy } = await copied({ 'd/f': 'one\n', g: 'g\n' }, parts);
      await sync.end();
      await rm(join(copy, '.pillion'), { recursive: true });
      await change(copy);
      const before = await names(copy);
      const next = await scene.start({ ...COPY, ...parts });
      await expect(next.pass()).rejects.toMatchObject({
        code: 'not_our_copy',
        message: expect.stringContaining(`and ${path} is not as in the commit`),
        hint: expect.stringContaining(`touch ${copy}/.pillion/updating`),
      });
      expect(await names(copy)).toEqual(before);
      // The way that the error tells.
      await mkdir(join(copy, '.pillion'));
      await writeFile(join(copy, '.pillion/updating'), '');
      await next.pass();
      expect(await readFile(join(copy, 'd/f'), 'utf8')).toBe('one\n');
    },
  );
});

describe('a change of a copy', () => {
  it('sets right what somebody has changed meanwhile, also with the same size and time, and leaves the rest', async () => {
    const { scene, sync, copy } = await copied({ 'd/a': 'aaa\n', 'd/b': 'bbb\n', c: 'ccc\n', other: '1\n' });
    const before = await inode(join(copy, 'd/b'));
    const { atime, mtime } = await stat(join(copy, 'd/a'));
    await writeFile(join(copy, 'd/a'), 'AAA\n');
    await utimes(join(copy, 'd/a'), atime, mtime);
    await appendFile(join(copy, 'c'), 'more\n');
    await scene.repo.commit({ other: '2\n' });
    await sync.pass();
    expect(await readFile(join(copy, 'd/a'), 'utf8')).toBe('aaa\n');
    expect(await readFile(join(copy, 'c'), 'utf8')).toBe('ccc\n');
    expect(await readFile(join(copy, 'other'), 'utf8')).toBe('2\n');
    expect(await inode(join(copy, 'd/b'))).toEqual(before);
    // And once more, with what was put there then.
    await writeFile(join(copy, 'other'), '3\n');
    await scene.repo.commit({ c: 'new\n' });
    await sync.pass();
    expect(await readFile(join(copy, 'other'), 'utf8')).toBe('2\n');
    expect(await readFile(join(copy, 'c'), 'utf8')).toBe('new\n');
  });

  it('brings what attributes make of other files, and what a submodule has', async () => {
    const gitConfig = [{ key: 'protocol.file.allow', value: 'always' }];
    const { scene, sync, copy } = await copied({ text: 'a\nb\n', 'mod-of': 'x\n' }, { gitConfig });
    await scene.repo.commit({ '.gitattributes': 'text eol=crlf\n' });
    await sync.pass();
    expect(await readFile(join(copy, 'text'), 'utf8')).toBe('a\r\nb\r\n');
    const module = await createRepository(scene.join('module.git'));
    const one = await module.commit({ 'd/inner': 'one\n' });
    const modules = `[submodule "mod"]\n\tpath = mod\n\turl = ${module.url}\n`;
    await scene.repo.commit({ '.gitmodules': modules, mod: { gitlink: one } });
    await sync.pass();
    const two = await module.commit({ 'd/inner': 'two\n' });
    await scene.repo.commit({ mod: { gitlink: two } });
    await sync.pass();
    expect(await readFile(join(copy, 'mod/d/inner'), 'utf8')).toBe('two\n');
  });

  it('brings what a command has put into the tree', async () => {
    const prePublish = ['["sh", "-c", "cat n > made; date +%N >> made"]'];
    const { scene, sync, copy } = await copied({ n: '1\n' }, { prePublish });
    const first = await readFile(join(copy, 'made'), 'utf8');
    await scene.repo.commit({ other: 'x\n' });
    await sync.pass();
    expect(await readFile(join(copy, 'made'), 'utf8')).not.toBe(first);
  });

  it('is of the sub-directory alone', async () => {
    const parts = { publishSubdirectory: 'a/b' };
    const { scene, sync, copy } = await copied({ 'a/b/c': 'one\n', 'a/b/same': 's\n', c: 'x\n' }, parts);
    const before = await inode(join(copy, 'same'));
    await scene.repo.commit({ 'a/b/c': 'two\n', same: 'not this\n' });
    await sync.pass();
    expect(await readFile(join(copy, 'c'), 'utf8')).toBe('two\n');
    expect(await inode(join(copy, 'same'))).toEqual(before);
  });
});
