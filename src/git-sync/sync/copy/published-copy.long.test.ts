/** A plain directory in the place of the link. */
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { makeSyncScene, type SyncScene } from '../testing/scene.ts';

const COPY = { publish: 'copy' } as const;
const told = async (copy: string) =>
  JSON.parse(await readFile(join(copy, '.pillion/commit.json'), 'utf8')) as Record<string, unknown>;
/** What is there, without our own. */
const names = async (copy: string) =>
  (await readdir(copy, { recursive: true })).filter((name) => !name.startsWith('.pillion')).sort();
const inode = async (path: string) => (({ ino, mtimeMs }) => ({ ino, mtimeMs }))(await lstat(path));

async function copied(files: Parameters<SyncScene['repo']['commit']>[0], parts: object = {}) {
  const scene = await makeSyncScene();
  const hash = await scene.repo.commit({ file: null, ...files });
  const sync = await scene.start({ ...COPY, ...parts });
  await sync.pass();
  return { scene, hash, sync, copy: scene.link };
}

describe('a copy', () => {
  it('is a plain directory with the files of the commit, their modes and links, and without git', async () => {
    const { copy, hash, scene } = await copied({
      'a/b/c': 'deep\n',
      run: { executable: '#!/bin/sh\n' },
      'a/link': { symlink: '../run' },
    });
    expect((await lstat(copy)).isDirectory()).toBe(true);
    expect(await names(copy)).toEqual(['a', 'a/b', 'a/b/c', 'a/link', 'run']);
    expect(await readlink(join(copy, 'a/link'))).toBe('../run');
    expect((await stat(join(copy, 'run'))).mode & 0o777).toBe(0o755);
    expect(await told(copy)).toMatchObject({ hash, repository: scene.repo.url });
    expect((await readdir(join(copy, '.pillion'))).sort()).toEqual(['commit.json', 'files']);
    expect(await readdir(scene.root)).not.toContain('.link.pillion-copy');
  });

  it('says when it was put there, by the clock that it is given', async () => {
    const scene = await makeSyncScene();
    const now = Date.UTC(2001, 0, 2, 3, 4, 5);
    const sync = await scene.start(COPY, { clock: { ...systemClock, now: () => now } });
    await sync.pass();
    expect(await told(scene.link)).toMatchObject({ publishedAt: '2001-01-02T03:04:05.000Z' });
  });

  it('is changed only where the commit is: what stays has its inode and time', async () => {
    const { copy, scene, sync } = await copied({
      'd/same': 'same\n',
      'd/other': 'one\n',
      gone: 'x\n',
      dir: 'f',
    });
    const before = [await inode(copy), await inode(join(copy, 'd')), await inode(join(copy, 'd/same'))];
    const hash = await scene.repo.commit({ 'd/other': 'two\n', gone: null, 'new/file': 'n\n' });
    await sync.pass();
    expect(await names(copy)).toEqual(['d', 'd/other', 'd/same', 'dir', 'new', 'new/file']);
    expect(await readFile(join(copy, 'd/other'), 'utf8')).toBe('two\n');
    expect((await inode(copy)).ino).toBe(before[0]?.ino);
    expect((await inode(join(copy, 'd'))).ino).toBe(before[1]?.ino);
    expect(await inode(join(copy, 'd/same'))).toEqual(before[2]);
    expect(await told(copy)).toMatchObject({ hash });
    expect(await readdir(scene.join('root/.worktrees'))).toEqual([hash]);
  });

  it('follows files that become directories, and the other way round, and modes', async () => {
    const { copy, scene, sync } = await copied({
      a: 'file\n',
      'b/x/y': 'deep\n',
      l: { symlink: 'a' },
      m: 'm\n',
    });
    await scene.repo.commit({
      a: null,
      'a/now': 'dir\n',
      'b/x/y': null,
      b: 'file\n',
      l: null,
      'l/x': 'no link\n',
      m: { executable: 'm\n' },
    });
    await sync.pass();
    expect(await names(copy)).toEqual(['a', 'a/now', 'b', 'l', 'l/x', 'm']);
    expect((await stat(join(copy, 'm'))).mode & 0o777).toBe(0o755);
    await scene.repo.commit({ 'a/now': null, a: 'file\n', 'l/x': null, l: { symlink: 'a' } });
    await sync.pass();
    expect(await names(copy)).toEqual(['a', 'b', 'l', 'm']);
    expect(await readlink(join(copy, 'l'))).toBe('a');
  });

  it('is not touched by a pass that finds nothing new, nor by a new process', async () => {
    const { copy, scene, sync } = await copied({ f: 'x\n' });
    const before = await Promise.all([copy, join(copy, 'f'), join(copy, '.pillion/commit.json')].map(inode));
    expect(await sync.pass()).toMatchObject({ changed: false });
    await sync.end();
    const next = await scene.start(COPY);
    expect(next.syncer.status().hasEarlierData).toBe(true);
    await next.pass();
    const after = await Promise.all([copy, join(copy, 'f'), join(copy, '.pillion/commit.json')].map(inode));
    expect(after).toEqual(before);
  });

  it('is of a sub-directory, when that is what is published', async () => {
    const { copy } = await copied({ 'a/b/c': 'deep\n', other: 'x\n' }, { publishSubdirectory: 'a/b' });
    expect(await names(copy)).toEqual(['c']);
  });

  it('keeps names that are no text', async () => {
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    const { copy, scene, sync } = await copied({ f: 'x\n' });
    const tree = scene.join('root/.worktrees', await scene.repo.hash());
    await writeFile(Buffer.concat([Buffer.from(`${tree}/`), name]), 'bytes\n');
    await sync.end();
    const again = await scene.start(COPY);
    await again.pass();
    const found = await readdir(copy, { encoding: 'buffer' });
    expect(found.some((each) => each.equals(name))).toBe(true);
  });

  it('that somebody has changed is set right when a process starts, and when it is gone or cut short at once', async () => {
    const { copy, scene, sync, hash } = await copied({ 'd/f': 'right\n', g: 'g\n' });
    await rm(copy, { recursive: true });
    await sync.pass();
    expect(await names(copy)).toEqual(['d', 'd/f', 'g']);
    await writeFile(join(copy, '.pillion/updating'), 'cut short\n');
    await writeFile(join(copy, 'd/f'), 'wrong\n');
    expect(await sync.pass()).toMatchObject({ hash });
    expect(await readFile(join(copy, 'd/f'), 'utf8')).toBe('right\n');
    await sync.end();
    await writeFile(join(copy, 'd/f'), 'wrong\n');
    await chmod(join(copy, 'g'), 0o600);
    await (await scene.start(COPY)).pass();
    expect(await readFile(join(copy, 'd/f'), 'utf8')).toBe('right\n');
    expect((await stat(join(copy, 'g'))).mode & 0o777).toBe(0o644);
  });
});

describe('files of somebody else', () => {
  it('are kept, also when the directory around them goes', async () => {
    const { copy, scene, sync } = await copied({ 'd/f': 'x\n', g: 'g\n' });
    await writeFile(join(copy, 'd/mine'), 'mine');
    await mkdir(join(copy, 'cache/deep'), { recursive: true });
    await scene.repo.commit({ 'd/f': null });
    await sync.pass();
    expect(await names(copy)).toEqual(['cache', 'cache/deep', 'd', 'd/mine', 'g']);
  });

  it('are removed when that is asked for', async () => {
    const { copy, scene, sync } = await copied({ 'd/f': 'x\n' }, { publishForeignFiles: 'remove' });
    await writeFile(join(copy, 'd/mine'), 'mine');
    await mkdir(join(copy, 'cache/deep'), { recursive: true });
    await scene.repo.commit({ g: 'g\n' });
    await sync.pass();
    expect(await names(copy)).toEqual(['d', 'd/f', 'g']);
    expect((await readdir(join(copy, '.pillion'))).sort()).toEqual(['commit.json', 'files']);
  });

  it('are renamed where the repository has a directory or a file', async () => {
    const { copy, scene, sync } = await copied({ f: 'x\n' });
    await writeFile(join(copy, 'd'), 'mine');
    await mkdir(join(copy, 'e'));
    await writeFile(join(copy, 'e/mine'), 'mine');
    await scene.repo.commit({ 'd/x': 'x\n', e: 'e\n' });
    await sync.pass();
    const found = await names(copy);
    expect(found).toEqual(expect.arrayContaining(['d', 'd/x', 'e', 'f']));
    expect(found.filter((name) => name.includes('.set-aside-'))).toHaveLength(3);
    expect(sync.lines.join('\n')).toContain('was renamed');
  });

  it('in the place of the copy are an error, and stay', async () => {
    const scene = await makeSyncScene();
    await mkdir(scene.link);
    await writeFile(join(scene.link, 'mine'), 'mine');
    const sync = await scene.start(COPY);
    await expect(sync.pass()).rejects.toMatchObject({ code: 'not_our_copy' });
    expect(await readdir(scene.link)).toEqual(['mine']);
    await rm(scene.link, { recursive: true });
    await writeFile(scene.link, 'mine');
    await expect(sync.pass()).rejects.toMatchObject({ code: 'not_our_copy' });
    expect(await readFile(scene.link, 'utf8')).toBe('mine');
  });

  it('that lead elsewhere never make anything be written there', async () => {
    const { copy, scene, sync } = await copied({ 'd/e/f': 'x\n', g: 'g\n' });
    await mkdir(scene.join('elsewhere/e'), { recursive: true });
    await writeFile(scene.join('elsewhere/e/f'), 'theirs');
    await writeFile(scene.join('elsewhere/g'), 'theirs');
    await rename(join(copy, 'd'), scene.join('moved'));
    await symlink(scene.join('elsewhere'), join(copy, 'd'));
    await rm(join(copy, 'g'));
    await symlink(scene.join('elsewhere/g'), join(copy, 'g'));
    await rm(join(copy, '.pillion'), { recursive: true });
    await symlink(scene.join('elsewhere'), join(copy, '.pillion'));
    await writeFile(scene.join('elsewhere/commit.json'), JSON.stringify({ hash: 'x' }));
    await scene.repo.commit({ 'd/e/f': 'two\n', g: 'two\n', 'd/e/new': 'n\n' });
    await sync.pass().catch(() => undefined);
    expect((await readdir(scene.join('elsewhere'), { recursive: true })).sort()).toEqual([
      'commit.json',
      'e',
      'e/f',
      'g',
    ]);
    expect(await readFile(scene.join('elsewhere/e/f'), 'utf8')).toBe('theirs');
    expect(await readFile(scene.join('elsewhere/g'), 'utf8')).toBe('theirs');
  });
});

describe('an empty directory in the place of the copy', () => {
  it('is filled and stays the same, as somebody may have mounted it', async () => {
    const scene = await makeSyncScene();
    await mkdir(scene.link);
    const before = await inode(scene.link);
    await (await scene.start(COPY)).pass();
    expect((await inode(scene.link)).ino).toBe(before.ino);
    expect(await names(scene.link)).toEqual(['file']);
  });
});

describe('a volume in the place of the copy', () => {
  it('is filled, and what is its own stays', async () => {
    const scene = await makeSyncScene();
    await mkdir(join(scene.link, 'lost+found'), { recursive: true });
    const sync = await scene.start({ ...COPY, publishForeignFiles: 'remove' });
    await sync.pass();
    await writeFile(join(scene.link, 'mine'), 'mine');
    await scene.repo.commit({ file: 'second\n' });
    await sync.pass();
    expect(await names(scene.link)).toEqual(['file', 'lost+found']);
  });
});

describe('what a crash or a neighbour left in our part of the copy', () => {
  it('is in the way of nothing, and goes', async () => {
    const { copy, scene, sync } = await copied({ f: 'x\n' });
    for (const name of ['new-1', 'old-1', 'new', 'files', 'updating', 'commit.json']) {
      await rm(join(copy, '.pillion', name), { force: true });
      await mkdir(join(copy, '.pillion', name, 'deep'), { recursive: true });
    }
    const hash = await scene.repo.commit({ f: 'y\n' });
    await sync.pass();
    expect(await readFile(join(copy, 'f'), 'utf8')).toBe('y\n');
    expect(await told(copy)).toMatchObject({ hash });
    const left = (await readdir(join(copy, '.pillion'))).filter((name) => !name.includes('.set-aside-'));
    expect(left.sort()).toEqual(['commit.json', 'files', 'new']);
  });

  it('that would flood the log is told of a few times', async () => {
    const { scene, sync } = await copied({ f: 'x\n' });
    for (let index = 0; index < 40; index += 1) {
      await mkdir(join(scene.link, `name-${index}`));
      await writeFile(join(scene.link, `name-${index}/mine`), '');
    }
    await scene.repo.commit(
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`name-${index}`, 'theirs\n'])),
    );
    await sync.pass();
    expect(sync.lines.filter((line) => line.includes('was renamed'))).toHaveLength(10);
  });
});

describe('from a link to a copy, and back', () => {
  it('what is published is the same, and nothing is left of the other', async () => {
    const scene = await makeSyncScene();
    const hash = await scene.repo.hash();
    for (const [parts, isLink] of [
      [{}, true],
      [COPY, false],
      [{}, true],
    ] as const) {
      const sync = await scene.start(parts);
      await sync.pass();
      await sync.end();
      expect((await lstat(scene.link)).isSymbolicLink()).toBe(isLink);
      expect(await readFile(join(scene.link, 'file'), 'utf8')).toBe('first\n');
      expect((await readdir(scene.root)).sort()).toEqual(['.git', '.worktrees', 'link']);
    }
    expect(await readdir(scene.join('root/.git/pillion/copies'))).toEqual([]);
    const next = await scene.repo.commit({ file: 'second\n' });
    await (await scene.start()).pass();
    expect(await readdir(scene.join('root/.worktrees'))).toEqual([next]);
    expect(next).not.toBe(hash);
  });

  it('keeps what somebody else has put into the copy, under another name', async () => {
    const { copy, scene, sync } = await copied({ 'd/f': 'x\n' });
    await sync.end();
    await writeFile(join(copy, 'd/mine'), 'mine');
    const linked = await scene.start();
    await linked.pass();
    const aside = (await readdir(scene.root)).find((name) => name.startsWith('link.set-aside-')) ?? '';
    expect(await readdir(scene.join('root', aside), { recursive: true })).toEqual(['d', 'd/mine']);
    expect(linked.lines.join('\n')).toContain('are kept');
  });

  it('replaces no directory that only looks like one', async () => {
    const scene = await makeSyncScene();
    await mkdir(join(scene.link, '.pillion'), { recursive: true });
    await writeFile(join(scene.link, 'mine'), 'mine');
    await expect((await scene.start()).pass()).rejects.toMatchObject({ code: 'link_not_symlink' });
    expect(await readdir(scene.link)).toEqual(['.pillion', 'mine']);
  });
});

describe('a copy and a link of the same root', () => {
  it('leave each other the trees that they were made of', async () => {
    const { scene, sync, hash } = await copied({ f: 'x\n' });
    const next = await scene.repo.commit({ f: 'y\n' });
    const linked = await scene.start({ link: 'other' });
    await linked.pass();
    expect((await readdir(scene.join('root/.worktrees'))).sort()).toEqual([hash, next].sort());
    await sync.pass();
    expect(await readdir(scene.join('root/.worktrees'))).toEqual([next]);
  });
});
