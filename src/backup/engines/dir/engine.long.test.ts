import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { scanVolume } from '../../manifest/scan.ts';
import type { Engine } from '../../model.ts';
import {
  backUp,
  differences,
  hasRsync,
  newest,
  restore,
  rsyncDifferences,
  testContext,
  work,
} from '../../testing/engine-checks.ts';
import { makeOddTree } from '../../testing/odd-tree.ts';
import { createDirEngine } from './engine.ts';

const temp = useTempDir();
const volume = () => temp.join('volume');
const repository = () => temp.join('repository');
const engineFor = (name = 'data'): Engine => createDirEngine(repository(), testContext(temp.path, name));

async function made(): Promise<Engine> {
  const engine = engineFor();
  await engine.init(work.signal);
  return engine;
}

async function makeVolume(): Promise<void> {
  await mkdir(`${volume()}/d`, { recursive: true });
  await writeFile(`${volume()}/a`, 'content of a');
  await writeFile(`${volume()}/d/b`, 'content of b');
}

const objects = (): string[] =>
  readdirSync(`${repository()}/objects`, { recursive: true, encoding: 'utf8' })
    .map((name) => join(repository(), 'objects', name))
    .filter((path) => statSync(path).isFile());

describe('a repository in a directory', () => {
  it('gives an odd tree back as it was', async () => {
    makeOddTree(volume());
    const engine = await made();
    const { snapshot, files, digest } = await backUp(engine, volume(), temp.path);
    expect(await engine.readBack(snapshot, work)).toEqual({ files, manifestDigest: digest });
    const tree = await restore(engine, await newest(engine), temp.join('restored'));
    expect(await differences(tree)).toEqual([]);
    if (hasRsync) {
      expect(rsyncDifferences(volume(), tree.root)).toEqual([]);
    }
    const sparse = statSync(`${tree.root}/sparse`);
    expect(sparse.blocks * 512).toBeLessThan(sparse.size / 10);
  });

  it('reads no more of an object or a record than it should have', async () => {
    await makeVolume();
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    const [object = ''] = objects();
    await truncate(object, 2 ** 40);
    await expect(restore(engine, snapshot, temp.join('restored'))).rejects.toMatchObject({
      code: 'restore_failed',
    });
    await truncate(join(repository(), 'snapshots', `${snapshot.id}.json`), 2 ** 40);
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'damaged' } });
    await truncate(join(repository(), 'pillion-repository.json'), 2 ** 40);
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN' });
  });

  it('stores what changed alone', async () => {
    await makeVolume();
    const engine = await made();
    await backUp(engine, volume(), temp.path);
    const before = objects().length;
    await writeFile(`${volume()}/new`, 'content of new');
    await backUp(engine, volume(), temp.path);
    expect(objects()).toHaveLength(before + 1);
  });

  it('is what it is: absent, another thing, without snapshots, with them, newest first', async () => {
    const engine = engineFor();
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'absent' } });
    await mkdir(repository());
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'absent' } });
    await engine.init(work.signal);
    expect(await engine.state(work.signal)).toEqual({ kind: 'NONE' });
    await expect(engine.init(work.signal)).rejects.toMatchObject({ code: 'store_failed' });
    await makeVolume();
    const first = await backUp(engine, volume(), temp.path);
    const second = await backUp(engine, volume(), temp.path, { isPartial: true });
    const state = await engine.state(work.signal);
    expect(state).toMatchObject({ kind: 'HAS', damaged: [] });
    expect(state.kind === 'HAS' && state.snapshots).toEqual([second.snapshot, first.snapshot]);
    expect(second.snapshot.isPartial).toBe(true);
  });

  it('shows a volume only the snapshots of its name', async () => {
    await makeVolume();
    await backUp(await made(), volume(), temp.path);
    expect(await engineFor('other').state(work.signal)).toEqual({ kind: 'NONE' });
  });

  it('of which a record is damaged is not taken for one without snapshots', async () => {
    await makeVolume();
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    await truncate(`${repository()}/snapshots/${snapshot.id}.json`, 20);
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'damaged' } });
    await backUp(engine, volume(), temp.path);
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'HAS', damaged: [snapshot.id] });
  });

  it('of which a record would be far more in memory than it is long has a damaged one', async () => {
    await makeVolume();
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    const path = `${repository()}/snapshots/${snapshot.id}.json`;
    const record = (await readFile(path, 'utf8')).trimEnd().replace(/\}$/, '');
    await writeFile(path, `${record},"more":[${'{},'.repeat(1_000_000)}{}]}`);
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'damaged' } });
  });

  it('whose snapshots are gone as a whole is not without snapshots', async () => {
    const engine = await made();
    await rm(`${repository()}/snapshots`, { recursive: true });
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN' });
  });

  it('with a bit turned in any object, or one cut off or missing, does not restore it as if it were good', async () => {
    makeOddTree(volume());
    // Read twice for each object: of 20 MB of holes one is as good.
    await truncate(`${volume()}/sparse`, 1_000_000);
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    let index = 0;
    for (const path of objects()) {
      const good = await readFile(path);
      const damage = [
        async () => {
          const bad = Buffer.from(good);
          bad.writeUInt8(bad.readUInt8(good.length >> 1) ^ 4, good.length >> 1);
          await writeFile(path, bad);
        },
        () => truncate(path, good.length >> 1),
        () => rm(path),
      ][index % 3];
      if (good.length === 0) {
        continue;
      }
      await damage?.();
      expect(await engine.verify(1, work), path).toHaveLength(1);
      await expect(restore(engine, snapshot, temp.join(`restored-${index}`)), path).rejects.toMatchObject({
        code: 'restore_failed',
      });
      await rm(temp.join(`restored-${index}`), { recursive: true });
      await writeFile(path, good);
      index += 1;
    }
    expect(index).toBeGreaterThan(20);
    expect(await engine.verify(1, work)).toEqual([]);
  });

  it('with a damaged manifest restores nothing of it', async () => {
    await makeVolume();
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    await appendFile(`${repository()}/snapshots/${snapshot.id}.mtree`, '#\n');
    await expect(restore(engine, snapshot, temp.join('r'))).rejects.toMatchObject({ code: 'restore_failed' });
    await expect(engine.readBack(snapshot, work)).rejects.toMatchObject({ code: 'restore_failed' });
    expect(await engine.verify(0, work)).not.toEqual([]);
  });

  it('refuses to store a file that is not as the manifest says any more', async () => {
    await makeVolume();
    const engine = await made();
    const manifest = temp.join('early');
    await scanVolume(volume(), manifest, { ...work, exclude: [] });
    await writeFile(`${volume()}/d/b`, 'CONTENT of b');
    const request = { volume: volume(), manifest, exclude: [], mounts: [], now: 5, isPartial: false };
    await expect(engine.backup(request, work)).rejects.toMatchObject({ code: 'volume_changed' });
    expect(await engine.state(work.signal)).toEqual({ kind: 'NONE' });
  });

  it('keeps what a changing file was when it was read', async () => {
    await makeVolume();
    const engine = await made();
    const manifest = temp.join('manifest');
    const odd = ['__proto__', 'constructor', 'prototype'];
    await Promise.all(odd.map((name) => writeFile(`${volume()}/${name}`, `of ${name}`)));
    const changing = ['a', ...odd].map((name) => Buffer.from(name));
    await scanVolume(volume(), manifest, { ...work, exclude: [], changing });
    await appendFile(`${volume()}/a`, ' and more');
    const request = { volume: volume(), manifest, exclude: [], mounts: [], now: 5, isPartial: true };
    const { snapshot } = await engine.backup(request, work);
    const tree = await restore(engine, snapshot, temp.join('restored'));
    expect(await readFile(`${tree.root}/a`, 'utf8')).toBe('content of a and more');
    for (const name of odd) {
      expect(await readFile(`${tree.root}/${name}`, 'utf8')).toBe(`of ${name}`);
    }
    expect(await differences(tree)).toEqual([]);
  });

  it('is whole without the directory that went away while it was stored, where that is usual', async () => {
    await makeVolume();
    await mkdir(`${volume()}/d/passing`);
    await writeFile(`${volume()}/d/passing/c`, 'content of c');
    const engine = await made();
    const manifest = temp.join('manifest');
    const changing = [Buffer.from('d')];
    const { files } = await scanVolume(volume(), manifest, { ...work, exclude: [], changing });
    await rm(`${volume()}/d/passing`, { recursive: true });
    const request = { volume: volume(), manifest, exclude: [], mounts: [], now: 5, isPartial: false };
    const { snapshot } = await engine.backup(request, work);
    expect(await engine.verify(1, work)).toEqual([]);
    expect(await engine.readBack(snapshot, work)).toMatchObject({ files: files - 1 });
    const tree = await restore(engine, snapshot, temp.join('restored'));
    expect(existsSync(`${tree.root}/d/passing`)).toBe(false);
    expect(await readFile(`${tree.root}/d/b`, 'utf8')).toBe('content of b');
  });

  it.each(['gone for good', 'made again'])(
    'counts what a restore gives, whenever a directory goes away: %s',
    async (fate) => {
      const engine = await made();
      for (let moment = 1; moment <= 5; moment += 1) {
        await makeVolume();
        const passing = `${volume()}/d/passing`;
        const make = () => {
          mkdirSync(passing, { recursive: true });
          ['c', 'd', 'e'].forEach((name) => writeFileSync(`${passing}/${name}`, `${name} of ${moment}`));
        };
        make();
        const manifest = temp.join(`manifest-${moment}`);
        const changing = [Buffer.from('d')];
        await scanVolume(volume(), manifest, { ...work, exclude: [], changing });
        const onProgress = ({ filesDone = 0 }) => {
          if (filesDone === moment) {
            rmSync(passing, { recursive: true, force: true });
          } else if (filesDone === moment + 1 && fate === 'made again') {
            make();
          }
        };
        const request = {
          volume: volume(),
          manifest,
          exclude: [],
          mounts: [],
          now: 5 + moment,
          isPartial: false,
        };
        const { snapshot, files } = await engine.backup(request, { ...work, onProgress });
        expect(await engine.verify(1, work)).toEqual([]);
        expect(await engine.readBack(snapshot, work)).toMatchObject({ files });
        const { root } = await restore(engine, snapshot, temp.join(`restored-${moment}`));
        const restored = readdirSync(root, { recursive: true, withFileTypes: true });
        expect(restored.filter((entry) => entry.isFile())).toHaveLength(files);
      }
    },
  );

  it('goes on with a restore that was interrupted, and mends what it has left', async () => {
    await makeVolume();
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    const target = temp.join('restored');
    await mkdir(`${target}/root/d`, { recursive: true });
    await writeFile(`${target}/root/a`, 'content of a');
    await utimes(`${target}/root/a`, 1, 1);
    await writeFile(`${target}/root/d/b`, 'half of');
    const kept = statSync(`${target}/root/a`).ino;
    const tree = await restore(engine, snapshot, target);
    expect(await differences(tree)).toEqual([]);
    expect(statSync(`${tree.root}/a`).ino).toBe(kept);
  });

  it('forgets the snapshots that it is told to, and content that was theirs alone and is old', async () => {
    await makeVolume();
    const engine = await made();
    const first = await backUp(engine, volume(), temp.path);
    await writeFile(`${volume()}/a`, 'other content');
    const second = await backUp(engine, volume(), temp.path);
    await engine.forget([first.snapshot], work);
    expect(objects()).toHaveLength(3);
    for (const path of objects()) {
      await utimes(path, 1e9, 1e9);
    }
    await engine.forget([], work);
    expect(objects()).toHaveLength(2);
    const tree = await restore(engine, second.snapshot, temp.join('restored'));
    expect(await differences(tree)).toEqual([]);
    await expect(restore(engine, first.snapshot, temp.join('gone'))).rejects.toMatchObject({
      code: 'snapshot_missing',
    });
  });

  it('lists and shows what it holds', async () => {
    await makeVolume();
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    const lines: string[] = [];
    await engine.ls(snapshot, work, (line) => lines.push(line));
    expect(lines).toEqual(['a', 'd/', 'd/b']);
    const chunks: string[] = [];
    await engine.cat(snapshot, 'd/b', work, (chunk) => void chunks.push(chunk.toString()));
    expect(chunks.join('')).toBe('content of b');
    await expect(engine.cat(snapshot, 'x', work, () => {})).rejects.toMatchObject({
      code: 'snapshot_missing',
    });
    expect(existsSync(repository())).toBe(true);
  });
});
