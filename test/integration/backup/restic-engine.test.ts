import { createHash } from 'node:crypto';
import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot, StoredSnapshot } from '../../../src/backup/model.ts';
import { MANIFEST_NAME } from '../../../src/backup/model.ts';
import { resticEngine, type TestEngine } from '../../support/backup/engine.ts';
import { PASSWORD } from '../../support/backup/program.ts';
import { makeKeysQuick } from '../../support/backup/quick-key.ts';
import { NO_RESTIC, restic14, restic18, restic19 } from '../../support/backup/restic.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const program = restic18();
const newest = restic19();
const oldest = restic14();
const dir = useTempDir();
const { signal } = new AbortController();
const work = { signal };

/** A volume whose name has what means something to restic, and to nobody else. */
async function makeVolume(scratch: string): Promise<string> {
  const volume = path.join(scratch, 'v[o]$l*');
  await mkdir(path.join(volume, 'sub/deep'), { recursive: true });
  await mkdir(path.join(volume, '.pillion'));
  await writeFile(path.join(volume, '.pillion/marker.json'), '{}');
  await writeFile(path.join(volume, 'a'), 'content of a');
  await writeFile(path.join(volume, 'sub/b'), 'content of b');
  await writeFile(path.join(volume, 'skip.log'), 'x');
  await writeFile(path.join(volume, 'sub/deep/skip.log'), 'x');
  await mkdir(path.join(volume, 'sub/cache'));
  await writeFile(path.join(volume, 'sub/cache/c'), 'x');
  await symlink('a', path.join(volume, 'link'));
  return volume;
}

async function store({ engine, workDir }: TestEngine, volume: string): Promise<StoredSnapshot> {
  const manifest = path.join(workDir, MANIFEST_NAME);
  await writeFile(manifest, 'the manifest');
  const exclude = ['*.log', 'sub/cache'];
  return engine.backup(
    { volume, manifest, exclude, mounts: [], bytes: 24, now: Date.now(), isPartial: false },
    work,
  );
}

const digest = createHash('sha256').update('the manifest').digest('hex');

/** What stores is done once, and copied. */
const stored = { scratch: '', snapshot: undefined as Snapshot | undefined };

async function copyOfStored(): Promise<{ tested: TestEngine; snapshot: Snapshot; location: string }> {
  const location = dir.join('repository');
  await cp(path.join(stored.scratch, 'repository'), location, { recursive: true });
  if (stored.snapshot === undefined) {
    throw new Error('nothing was stored');
  }
  return { tested: resticEngine(dir.path, program, { location }), snapshot: stored.snapshot, location };
}

describe.skipIf(program === undefined)(`the engine restic (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    stored.scratch = await makeTempDir();
    const location = path.join(stored.scratch, 'repository');
    const tested = resticEngine(stored.scratch, program, { location });
    const { engine } = tested;
    const volume = await makeVolume(stored.scratch);
    expect(await engine.state(signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'absent' } });
    expect(await readdir(stored.scratch)).not.toContain('repository');
    await engine.init(signal);
    await makeKeysQuick(location, PASSWORD);
    expect(await engine.state(signal)).toEqual({ kind: 'NONE' });
    const { snapshot, files } = await store(tested, volume);
    expect(files).toBe(2);
    stored.snapshot = snapshot;
  });
  afterAll(() => removeTempDir(stored.scratch));

  it.each([
    ['0.18', program],
    ['0.19', newest],
  ])('reads back, restores and removes with restic %s what was stored', async (_, restic) => {
    if (restic === undefined) {
      return;
    }
    const { snapshot, location } = await copyOfStored();
    const { engine } = resticEngine(dir.path, restic, { location });
    expect(await engine.state(signal)).toEqual({ kind: 'HAS', snapshots: [snapshot], damaged: [] });
    expect(await engine.readBack(snapshot, work)).toEqual({ files: 2, manifestDigest: digest });
    await mkdir(dir.join('stage'));
    const { root, manifest } = await engine.restoreTo(snapshot, dir.join('stage'), work);
    const names = ['a', 'link', 'sub', 'sub/b', 'sub/deep'];
    expect((await readdir(root, { recursive: true })).toSorted()).toEqual(names);
    expect(await readlink(path.join(root, 'link'))).toBe('a');
    expect(await readFile(manifest ?? '', 'utf8')).toBe('the manifest');
    const listed: string[] = [];
    await engine.ls(snapshot, work, (line) => void listed.push(line));
    expect(listed.toSorted()).toEqual(names);
    const chunks: Buffer[] = [];
    await engine.cat(snapshot, 'sub/b', work, (chunk) => void chunks.push(chunk));
    expect(Buffer.concat(chunks).toString()).toBe('content of b');
    expect(await engine.verify(1, work)).toEqual([]);
    await engine.forget([snapshot], work);
    expect(await engine.state(signal)).toEqual({ kind: 'NONE' });
    expect(await readdir(path.join(location, 'locks'))).toEqual([]);
  });

  it('sees no snapshots of another volume in the same repository', async () => {
    const { location } = await copyOfStored();
    const { engine } = resticEngine(dir.path, program, { location }, {}, 'data2');
    expect(await engine.state(signal)).toEqual({ kind: 'NONE' });
  });

  it('knows nothing when the only snapshot cannot be read, though restic ends with 0', async () => {
    const { tested, snapshot, location } = await copyOfStored();
    const file = path.join(location, 'snapshots', snapshot.id);
    await chmod(file, 0o600);
    await truncate(file, 0);
    expect(await tested.engine.state(signal)).toMatchObject({
      kind: 'UNKNOWN',
      reason: { kind: 'damaged', message: expect.stringContaining('1 of 1 snapshots cannot be read') },
    });
  });

  it('finds bit rot that its cache would hide', async () => {
    const { tested, snapshot, location } = await copyOfStored();
    const cache = path.join(tested.workDir, 'restic-cache');
    await cp(path.join(stored.scratch, 'work/restic-cache'), cache, { recursive: true });
    for (const pack of await readdir(path.join(location, 'data'), { recursive: true, withFileTypes: true })) {
      if (pack.isFile()) {
        await chmod(path.join(pack.parentPath, pack.name), 0o600);
        await truncate(path.join(pack.parentPath, pack.name), 10);
      }
    }
    await expect(tested.engine.readBack(snapshot, work)).rejects.toThrow('cannot read snapshot');
    expect(await tested.engine.verify(0, work)).not.toEqual([]);
    await mkdir(dir.join('stage'));
    await rm(cache, { recursive: true });
    await expect(tested.engine.restoreTo(snapshot, dir.join('stage'), work)).rejects.toThrow(
      'cannot restore',
    );
  });

  it('tells a wrong password from an absent repository', async () => {
    const { location } = await copyOfStored();
    const { engine } = resticEngine(dir.path, program, { location, password: 'another' });
    expect(await engine.state(signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'password' } });
  });

  it('asks nothing when it is ended before', async () => {
    const { engine } = resticEngine(dir.path, program, { location: dir.join('repository') });
    const reason = new Error('no longer wanted');
    await expect(engine.state(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('a machine without a restic that is good enough', () => {
  it('says so when there is none', async () => {
    const { engine } = resticEngine(
      dir.path,
      undefined,
      { location: dir.join('repository') },
      { PATH: '/nowhere' },
    );
    expect(await engine.state(signal)).toMatchObject({
      kind: 'UNKNOWN',
      reason: { kind: 'tool', message: expect.stringContaining('restic cannot be started') },
    });
  });

  it.skipIf(oldest === undefined)('refuses restic 0.14', async () => {
    const { engine } = resticEngine(dir.path, oldest, { location: dir.join('repository') });
    expect(await engine.state(signal)).toMatchObject({
      kind: 'UNKNOWN',
      reason: { kind: 'tool', message: expect.stringContaining('restic 0.14.0 is too old: 0.17') },
    });
  });
});
