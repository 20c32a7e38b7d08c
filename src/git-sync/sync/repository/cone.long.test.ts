/** `--sparse-path`, with git's own `sparse-checkout set` as the oracle for its patterns. */
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { git } from '../../../../test/support/git.ts';
import { makeTempDir, removeTempDir } from '../../../../test/support/temp.ts';
import { expectLinear, pumped } from '../../../core/testing/linear.ts';
import { makeSyncScene } from '../testing/scene.ts';
import { conePatterns, sparsePathProblem } from './cone.ts';

const FILES = {
  file: '0',
  'docs/a/1': '1',
  'docs/a/b/2': '2',
  'docs/c/3': '3',
  'docs/top': '4',
  'src/5': '5',
  'o d*d/[x]/6': '6',
};

describe('the patterns of --sparse-path', () => {
  it.each([
    [['docs/a']],
    [['docs/a', 'src']],
    [['docs', 'docs/a', '/docs/', 'docs/c/']],
    [['a/b/c', 'a/d', 'a-b/c']],
    [['o d*d/[x]', 'back\\slash', 'question?']],
  ])('of %j are those that git writes', async (paths) => {
    const dir = await makeTempDir();
    onTestFinished(() => removeTempDir(dir));
    await git(dir, 'init', '-q');
    const plain = paths.map((path) => path.replace(/^\/|\/$/g, ''));
    await git(dir, 'sparse-checkout', 'set', '--cone', '--skip-checks', '--', ...plain);
    expect(conePatterns(paths)).toBe(await readFile(join(dir, '.git/info/sparse-checkout'), 'utf8'));
  });

  it.each([[''], ['/'], ['.'], ['..'], ['a/../b'], ['a//b'], ['a\nb'], ['a\u0000'], ['a/.']])(
    'are refused for %j',
    (path) => {
      expect(sparsePathProblem(['docs', path])).toContain('must be a directory');
    },
  );

  it('take no longer for a longer path', () => {
    expectLinear((text) => sparsePathProblem([text]), pumped('a', '/', 'a'));
    expectLinear((text) => sparsePathProblem([text]), pumped('', 'a/'));
  });
});

describe('a sync with --sparse-path', () => {
  it('has what is below its directories, and the files above them', async () => {
    const { repo, link, start } = await makeSyncScene();
    await repo.commit(FILES);
    const { pass } = await start({ sparsePaths: ['docs/a', 'o d*d/[x]'] });
    await pass();
    const all = (await readdir(link, { recursive: true })).filter((path) => !path.startsWith('.git'));
    expect(all.toSorted()).toEqual(
      ['docs', 'docs/a', 'docs/a/1', 'docs/a/b', 'docs/a/b/2', 'docs/top', 'file', 'o d*d', 'o d*d/[x]', 'o d*d/[x]/6'], // biome-ignore format: a list
    );
    expect(await git(link, '-c', 'safe.directory=*', 'status', '--porcelain')).toBe('');
  });

  it('fetches no file that is not wanted with --filter', async () => {
    const { repo, root, link, start } = await makeSyncScene();
    const hash = await repo.commit(FILES);
    const { pass } = await start({ sparsePaths: ['src'], filter: 'blob:none' });
    await pass();
    expect((await readdir(link)).toSorted()).toEqual(['.git', 'file', 'src']);
    const missing = await git(root, 'rev-list', '--objects', '--missing=print', hash);
    expect(missing.split('\n').filter((line) => line.startsWith('?'))).toHaveLength(5);
  });

  it('is refused for a file, and where no directory is there; what is published stays', async () => {
    const { repo, link, join: path, start } = await makeSyncScene();
    const first = await repo.commit(FILES);
    const { pass, lines } = await start({ sparsePaths: ['src', 'docs/c'] });
    await pass();
    await repo.commit({ 'docs/c/3': null });
    expect(await pass()).toMatchObject({ changed: true });
    expect(lines.join('\n')).toContain('docs/c');
    await repo.commit({ 'src/5': null });
    const before = await readdir(link);
    await expect(pass()).rejects.toMatchObject({ code: 'sparse_path_missing' });
    expect(await readdir(link)).toEqual(before);
    await repo.setBranch(repo.branch, first);
    await mkdir(path('other'));
    const { pass: other } = await start({ sparsePaths: ['docs/top'], root: path('other') });
    await expect(other()).rejects.toMatchObject({
      code: 'sparse_path_missing',
      message: expect.stringContaining('docs/top is a file'),
    });
  });

  it('is not looked for at each pass again where it is not there, but in the next commit', async () => {
    const { repo, start } = await makeSyncScene();
    await repo.commit(FILES);
    const { pass, lines } = await start({ sparsePaths: ['src'] });
    await pass();
    await repo.commit({ 'src/5': null });
    await expect(pass()).rejects.toMatchObject({ code: 'sparse_path_missing' });
    const asked = lines.length;
    await expect(pass()).rejects.toMatchObject({ code: 'sparse_path_missing' });
    // No program of git: neither a fetch nor a listing of the commit.
    expect(lines.slice(asked).join('\n')).not.toMatch(/Run\(|fetching|ls-tree/);
    const hash = await repo.commit({ 'src/5': 'back\n' });
    expect(await pass()).toMatchObject({ hash, changed: true });
  });

  it('is not fetched again either where nothing was published yet', async () => {
    const { repo, start, root } = await makeSyncScene();
    await repo.commit({ 'docs/page': 'x\n' });
    const { pass, kinds } = await start({ sparsePaths: ['src'] });
    await expect(pass()).rejects.toMatchObject({ code: 'sparse_path_missing' });
    const fetched = async () => (await stat(join(root, '.git'))).mtimeMs;
    const before = await fetched();
    kinds();
    await expect(pass()).rejects.toMatchObject({ code: 'sparse_path_missing' });
    expect(kinds()).toEqual(['pass-started', 'remote-asked', 'pass-failed', 'pass-ended']);
    expect(await fetched()).toBe(before);
    const hash = await repo.commit({ 'src/code': 'x\n' });
    expect(await pass()).toMatchObject({ hash, changed: true });
  });

  it('has nothing else after several commits either, where trees are used again', async () => {
    const { repo, link, start } = await makeSyncScene();
    await repo.commit(FILES);
    const { pass } = await start({ sparsePaths: ['src'], reuseWorktrees: 'on' });
    for (let count = 0; count < 4; count += 1) {
      await repo.commit({ 'src/5': `${count}`, 'docs/c/3': `${count}` });
      await pass();
      expect((await readdir(link)).toSorted()).toEqual(['.git', 'file', 'src']);
      expect(await readFile(join(link, 'src/5'), 'utf8')).toBe(`${count}`);
    }
  });

  it('is made again when the directories are others', async () => {
    const { repo, link, start } = await makeSyncScene();
    await repo.commit(FILES);
    const former = await start({ sparsePaths: ['src'] });
    await former.pass();
    await former.end();
    const { pass } = await start({ sparsePaths: ['docs/c'] });
    await pass();
    expect((await readdir(link)).toSorted()).toEqual(['.git', 'docs', 'file']);
  });
});
