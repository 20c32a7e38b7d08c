/** What a sync does after a rollback. */
import { chmod, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../../test/support/temp.ts';
import { makeSyncScene } from '../testing/scene.ts';
import { readHistory, stateKey, withRecords, writePin } from './state.ts';

async function makeScene() {
  const scene = await makeSyncScene();
  const stateDir = await makeTempDir();
  onTestFinished(() => removeTempDir(stateDir));
  const parts = { keepRevisions: 2, stateDir };
  const key = stateKey(scene.root, scene.link);
  let asked = 0;
  const pin = (hash: string | undefined) =>
    withRecords(stateDir, key, (records) => {
      asked += 1;
      return writePin(records, { hash: hash ?? null, since: `2026-01-01T00:00:0${asked}.000Z` });
    });
  const history = () => withRecords(stateDir, key, readHistory);
  const published = async () => (await readlink(scene.link)).split('/').at(-1);
  return { scene, parts, stateDir, key, pin, history, published };
}

/** Three commits, published one after the other. */
async function makePublished() {
  const all = await makeScene();
  const { scene, parts } = all;
  const sync = await scene.start(parts);
  const [a] = [await sync.pass()];
  const b = await scene.repo.commit({ file: 'second\n' });
  await sync.pass();
  const c = await scene.repo.commit({ file: 'third\n' });
  await sync.pass();
  return { ...all, sync, a: a.hash, b, c };
}

it('trees that were published stay, as many as are asked for, and are told of', async () => {
  const { scene, sync, a, b, c, history } = await makePublished();
  expect((await readdir(scene.join('root/.worktrees'))).sort()).toEqual([a, b, c].sort());
  const d = await scene.repo.commit({ file: 'fourth\n' });
  await sync.pass();
  expect((await readdir(scene.join('root/.worktrees'))).sort()).toEqual([b, c, d].sort());
  expect(await history()).toMatchObject({ published: d, pin: null, link: scene.link });
  expect((await history())?.revisions.map(({ hash }) => hash)).toEqual([b, c, d]);
});

it('a rollback publishes the earlier tree as it is, keeps it over commits and restarts, and is released', async () => {
  const { scene, parts, sync, b, c, pin, history, published } = await makePublished();
  sync.kinds();
  await pin(b);
  expect(await sync.pass()).toMatchObject({ hash: b, changed: true, pinned: false });
  expect(sync.kinds()).not.toContain('adding-worktree');
  expect(await readFile(join(scene.link, 'file'), 'utf8')).toBe('second\n');
  expect(sync.syncer.status().pin).toMatchObject({ hash: b });
  expect(await history()).toMatchObject({ published: b, pin: b });
  const d = await scene.repo.commit({ file: 'fourth\n' });
  expect(await sync.pass()).toMatchObject({ hash: b, changed: false });
  await sync.end();
  const next = await scene.start(parts);
  expect(await next.pass()).toMatchObject({ hash: b });
  expect(next.syncer.status().pin).toMatchObject({ hash: b });
  await pin(undefined);
  expect(await next.pass()).toMatchObject({ hash: d, changed: true });
  expect(next.syncer.status().pin).toBeUndefined();
  expect(await history()).toMatchObject({ published: d, pin: null });
  expect(await published()).toBe(d);
  expect(c).not.toBe(d);
});

it('a rollback needs no server', async () => {
  const { scene, sync, a, pin, published } = await makePublished();
  await rm(scene.repo.path, { recursive: true });
  await pin(a);
  expect(await sync.pass()).toMatchObject({ hash: a });
  expect(await published()).toBe(a);
});

it('a tree that somebody has changed or removed is made again before there is a rollback to it', async () => {
  const { scene, sync, a, b, pin } = await makePublished();
  await writeFile(scene.join('root/.worktrees', b, 'file'), 'forged\n');
  await pin(b);
  await sync.pass();
  expect(await readFile(join(scene.link, 'file'), 'utf8')).toBe('second\n');
  await rm(scene.join('root/.worktrees', a), { recursive: true });
  await pin(a);
  await sync.pass();
  expect(await readFile(join(scene.link, 'file'), 'utf8')).toBe('first\n');
});

it('a commit that is nowhere any more is not published, and what is published stays', async () => {
  const { sync, c, pin, published } = await makePublished();
  await pin('f'.repeat(40));
  await expect(sync.pass()).rejects.toMatchObject({ code: 'revision_gone' });
  expect(await published()).toBe(c);
});

it('a record that cannot be read changes nothing, and is no release', async () => {
  const { sync, b, stateDir, key, pin, published } = await makePublished();
  await pin(b);
  await sync.pass();
  await writeFile(join(stateDir, '.pillion-git-sync-state', key, 'pin.json'), '{"hash":');
  await expect(sync.pass()).rejects.toMatchObject({ code: 'pin_unreadable' });
  expect(await published()).toBe(b);
});

it('a copy goes back as well', async () => {
  const { scene, parts, pin } = await makeScene();
  const sync = await scene.start({ ...parts, publish: 'copy' });
  const { hash } = await sync.pass();
  await scene.repo.commit({ file: 'second\n', more: 'm\n' });
  await sync.pass();
  await pin(hash);
  await sync.pass();
  expect((await readdir(scene.link)).sort()).toEqual(['.pillion', 'file']);
  expect(await readFile(join(scene.link, 'file'), 'utf8')).toBe('first\n');
});

it.each(['a link', 'a file', 'a directory for all'])(
  'state is not taken from %s that somebody else may have made',
  async (kind) => {
    const { scene, parts, stateDir } = await makeScene();
    const place = join(stateDir, '.pillion-git-sync-state');
    if (kind === 'a link') {
      await mkdir(scene.join('elsewhere'), { mode: 0o700 });
      await symlink(scene.join('elsewhere'), place);
    } else if (kind === 'a file') {
      await writeFile(place, '');
    } else {
      await mkdir(place);
      await chmod(place, 0o777);
    }
    await expect(scene.start(parts)).rejects.toMatchObject({ code: 'state_not_private' });
  },
);

it('a history that is none is begun again', async () => {
  const { scene, parts, stateDir, key, history } = await makeScene();
  const place = join(stateDir, '.pillion-git-sync-state', key);
  await mkdir(place, { recursive: true, mode: 0o700 });
  await chmod(join(stateDir, '.pillion-git-sync-state'), 0o700);
  await writeFile(join(place, 'history.json'), JSON.stringify({ revisions: [{ hash: '../..' }] }));
  const { pass } = await scene.start(parts);
  const { hash } = await pass();
  expect((await history())?.revisions.map((each) => each.hash)).toEqual([hash]);
});

it('the revisions of another repository, and a pin to one of them, do not count', async () => {
  const { scene, parts, sync, b, pin, history } = await makePublished();
  await pin(b);
  await sync.end();
  const other = await makeSyncScene();
  const next = await scene.start({ ...parts, repo: `file://${other.repo.path}` });
  const { hash } = await next.pass();
  expect(hash).toBe(await other.repo.hash());
  expect(next.syncer.status().pin).toBeUndefined();
  expect((await history())?.revisions.map((each) => each.hash)).toEqual([hash]);
});

it('a rollback holds until it is released, also where no revisions are kept any more', async () => {
  const { scene, stateDir, sync, b, c, pin, history, published } = await makePublished();
  await pin(b);
  await sync.pass();
  await sync.end();
  const next = await scene.start({ stateDir });
  expect(await next.pass()).toMatchObject({ hash: b });
  expect(next.syncer.status().pin).toMatchObject({ hash: b });
  expect(next.lines.join('\n')).toContain('rolled back: the ref is not followed');
  await pin(undefined);
  expect(await next.pass()).toMatchObject({ hash: c });
  expect(await published()).toBe(c);
  expect(await history()).toMatchObject({ published: c, pin: null });
});

it('a sync that keeps no revisions makes no records, and needs no private directory', async () => {
  const { scene, stateDir, key } = await makeScene();
  await mkdir(join(stateDir, '.pillion-git-sync-state'));
  const first = await scene.start({ stateDir });
  await first.pass();
  await chmod(join(stateDir, '.pillion-git-sync-state'), 0o777);
  const second = await scene.start({ stateDir });
  await second.pass();
  expect(second.lines.join('\n')).toContain('no rollback is read');
  expect(await readdir(join(stateDir, '.pillion-git-sync-state'))).not.toContain(key);
});

it('what was recorded is taken note of at once, whether it can be published or not', async () => {
  const { scene, sync, b, c, pin, history } = await makePublished();
  await pin(b);
  await sync.pass();
  const seen = (await history())?.seen;
  await rm(scene.repo.path, { recursive: true });
  await pin(undefined);
  await expect(sync.pass()).rejects.toThrow();
  expect(await history()).toMatchObject({ published: b, pin: null });
  expect((await history())?.seen).not.toBe(seen);
  expect((await history())?.done).toBe(seen);
  await pin('f'.repeat(40));
  await expect(sync.pass()).rejects.toMatchObject({ code: 'revision_gone' });
  expect(await history()).toMatchObject({ published: b, pin: 'f'.repeat(40) });
  expect(c).not.toBe(b);
});
