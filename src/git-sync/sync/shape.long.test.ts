/** What of a commit readers get: a sub-directory, a tree without git, a file that tells the commit. */
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeSyncScene } from './testing/scene.ts';

describe('a sub-directory', () => {
  const parts = { publishSubdirectory: 'app/web' };

  it('is what the link leads to, and moves with the commits', async () => {
    const scene = await makeSyncScene();
    await scene.repo.commit({ 'app/web/page': 'one\n', 'app/other': 'x\n' });
    const { pass } = await scene.start(parts);
    const first = await pass();
    expect(await readlink(scene.link)).toBe(`.worktrees/${first.hash}/app/web`);
    expect(await readdir(scene.link)).toEqual(['page']);
    expect(await pass()).toMatchObject({ hash: first.hash, changed: false });
    const hash = await scene.repo.commit({ 'app/web/page': 'two\n' });
    expect(await pass()).toMatchObject({ hash, changed: true });
    expect(await readFile(join(scene.link, 'page'), 'utf8')).toBe('two\n');
    expect(await readdir(scene.join('root/.worktrees'))).toEqual([hash]);
  });

  it('that a commit does not have keeps that commit from its readers, and is not looked for at each pass', async () => {
    const scene = await makeSyncScene();
    const good = await scene.repo.commit({ 'app/web/page': 'one\n' });
    const sync = await scene.start(parts);
    await sync.pass();
    await scene.repo.commit({ 'app/web/page': null, 'app/web': 'a file\n' });
    await expect(sync.pass()).rejects.toMatchObject({ code: 'subdirectory_missing' });
    sync.kinds();
    await expect(sync.pass()).rejects.toMatchObject({ code: 'subdirectory_missing' });
    expect(sync.kinds()).not.toContain('adding-worktree');
    expect(await readlink(scene.link)).toBe(`.worktrees/${good}/app/web`);
    const next = await scene.repo.commit({ 'app/web': null, 'app/web/page': 'back\n' });
    expect(await sync.pass()).toMatchObject({ hash: next });
  });

  it.each(['app', 'app/web'])('is not one that a link of the repository leads to: %s', async (name) => {
    const scene = await makeSyncScene();
    await mkdir(scene.join('elsewhere/web'), { recursive: true });
    const target = scene.join(name === 'app' ? 'elsewhere' : 'elsewhere/web');
    await scene.repo.commit({ [name]: { symlink: target } });
    const { pass } = await scene.start(parts);
    await expect(pass()).rejects.toMatchObject({ code: 'subdirectory_missing' });
    expect(await readdir(scene.root)).not.toContain('link');
  });

  it('can be asked for, and given up, on a root that is published already', async () => {
    const scene = await makeSyncScene();
    const hash = await scene.repo.commit({ 'app/web/page': 'one\n' });
    for (const [asked, target] of [
      [{}, `.worktrees/${hash}`],
      [parts, `.worktrees/${hash}/app/web`],
      [{ publishSubdirectory: 'app' }, `.worktrees/${hash}/app`],
      [{}, `.worktrees/${hash}`],
    ] as const) {
      const sync = await scene.start(asked);
      await sync.pass();
      await sync.end();
      expect(await readlink(scene.link)).toBe(target);
    }
  });

  it('is built again when somebody has removed it from the tree', async () => {
    const scene = await makeSyncScene();
    await scene.repo.commit({ 'app/web/page': 'one\n' });
    const { pass } = await scene.start(parts);
    await pass();
    await rm(await realDirectory(scene.link), { recursive: true });
    await pass();
    expect(await readdir(scene.link)).toEqual(['page']);
  });

  it('of a tree that another sync publishes whole keeps the tree for both', async () => {
    const scene = await makeSyncScene();
    const old = await scene.repo.commit({ 'app/web/page': 'one\n' });
    const part = await scene.start(parts);
    await part.pass();
    const whole = await scene.start({ link: 'whole' });
    await whole.pass();
    const hash = await scene.repo.commit({ 'app/web/page': 'two\n' });
    await whole.pass();
    expect((await readdir(scene.join('root/.worktrees'))).sort()).toEqual([old, hash].sort());
    expect(await readFile(join(scene.link, 'page'), 'utf8')).toBe('one\n');
    await part.pass();
    expect(await readdir(scene.join('root/.worktrees'))).toEqual([hash]);
  });
});

const realDirectory = async (link: string) => join(link, '..', await readlink(link));

describe('an archive', () => {
  const parts = { publishArchive: true };

  it('has no git metadata, and is not made again at each pass or start', async () => {
    const scene = await makeSyncScene();
    const first = await scene.start(parts);
    await first.pass();
    expect(await readdir(scene.link)).toEqual(['file']);
    first.kinds();
    expect(await first.pass()).toMatchObject({ changed: false });
    expect(first.kinds()).not.toContain('update-required');
    await first.end();
    const second = await scene.start(parts);
    expect(second.syncer.status().hasEarlierData).toBe(true);
    await second.pass();
    expect(second.kinds()).not.toContain('adding-worktree');
    await scene.repo.commit({ file: 'second\n' });
    await second.pass();
    expect(await readdir(scene.link)).toEqual(['file']);
  });

  it('becomes a tree with git, and the other way round, without being built again', async () => {
    const scene = await makeSyncScene();
    for (const [asked, names] of [
      [{}, ['.git', 'file']],
      [parts, ['file']],
      [{}, ['.git', 'file']],
    ] as const) {
      const sync = await scene.start(asked);
      await sync.pass();
      await sync.end();
      expect((await readdir(scene.link)).sort()).toEqual(names);
    }
    const linked = await scene.start({});
    await linked.pass();
    expect(linked.kinds()).not.toContain('adding-worktree');
  });
});

describe('the file that tells the commit', () => {
  const parts = { publishCommitInfo: true };
  const told = async (link: string) =>
    JSON.parse(await readFile(join(link, '.pillion/commit.json'), 'utf8')) as Record<string, unknown>;

  it('has hash, ref, repository and times, and stays as it is while the commit does', async () => {
    const scene = await makeSyncScene();
    const sync = await scene.start(parts);
    const { hash } = await sync.pass();
    const first = await told(scene.link);
    expect(first).toEqual({
      hash,
      ref: 'HEAD',
      repository: scene.repo.url,
      committedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/),
      publishedAt: expect.stringMatching(/Z$/),
    });
    await sync.end();
    const again = await scene.start(parts);
    await again.pass();
    expect(await told(scene.link)).toEqual(first);
    expect(again.kinds()).not.toContain('adding-worktree');
    const next = await scene.repo.commit({ file: 'second\n' });
    await again.pass();
    expect(await told(scene.link)).toMatchObject({ hash: next });
  });

  it('is in the sub-directory, and is added to a tree that is published already', async () => {
    const scene = await makeSyncScene();
    const hash = await scene.repo.commit({ 'sub/file': 'one\n' });
    const before = await scene.start({ publishSubdirectory: 'sub' });
    await before.pass();
    await before.end();
    const sync = await scene.start({ publishSubdirectory: 'sub', ...parts });
    await sync.pass();
    expect(await told(scene.link)).toMatchObject({ hash });
    expect(sync.kinds()).not.toContain('adding-worktree');
  });

  it('keeps a commit that has something of its own there from its readers', async () => {
    const scene = await makeSyncScene();
    const good = await scene.repo.hash();
    const sync = await scene.start(parts);
    await sync.pass();
    await scene.repo.commit({ '.pillion/commit.json': `{"hash":"${good}"}` });
    await expect(sync.pass()).rejects.toMatchObject({ code: 'reserved_name' });
    expect(await readlink(scene.link)).toBe(`.worktrees/${good}`);
  });

  it('is not taken from where a link in its place leads', async () => {
    const scene = await makeSyncScene();
    const before = await scene.start();
    const { hash } = await before.pass();
    await before.end();
    await mkdir(scene.join('elsewhere'));
    await writeFile(scene.join('elsewhere/commit.json'), JSON.stringify({ hash }));
    await symlink(scene.join('elsewhere'), join(scene.link, '.pillion'));
    const sync = await scene.start(parts);
    await expect(sync.pass()).rejects.toMatchObject({ code: 'reserved_name' });
    expect(await readdir(scene.join('elsewhere'))).toEqual(['commit.json']);
  });
});
