import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGitEngine, type GitEngineSettings } from '../../../src/backup/engines/git/engine.ts';
import { scanVolume } from '../../../src/backup/manifest/scan.ts';
import type { Engine } from '../../../src/backup/model.ts';
import {
  backUp,
  differences,
  hasRsync,
  newest,
  restore,
  rsyncDifferences,
  testContext,
  work,
} from '../../../src/backup/testing/engine-checks.ts';
import { makeOddTree } from '../../../src/backup/testing/odd-tree.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const temp = useTempDir();
const volume = () => temp.join('volume');
const remote = () => temp.join('remote.git');
const git = (...args: string[]) => runProgram('git', args);

const IDENTITY = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];

function engineFor(parts: Partial<GitEngineSettings> = {}, name = 'data', directory = temp.path): Engine {
  const settings = {
    url: `file://${remote()}`,
    branch: 'backup/data',
    shown: `git+file://${remote()}#backup/data`,
    sshKeyFiles: [],
    sshKnownHostsFile: '',
    callTimeoutMs: 20_000,
    ...parts,
  };
  return createGitEngine(settings, testContext(directory, name));
}

async function made(parts?: Partial<GitEngineSettings>): Promise<Engine> {
  const engine = engineFor(parts);
  await engine.init(work.signal);
  return engine;
}

async function makeVolume(): Promise<void> {
  await mkdir(`${volume()}/d`, { recursive: true });
  await writeFile(`${volume()}/a`, 'content of a');
  await writeFile(`${volume()}/d/b`, 'content of b');
}

describe('a branch of git as a repository', () => {
  it('gives an odd tree back as it was', async () => {
    makeOddTree(volume());
    const engine = await made();
    const { snapshot, files, digest } = await backUp(engine, volume(), temp.path);
    expect(await engine.readBack(snapshot, work)).toEqual({ files, manifestDigest: digest });
    const fresh = engineFor({}, 'data', temp.join('elsewhere'));
    const tree = await restore(fresh, await newest(fresh), temp.join('restored'));
    expect(await differences(tree)).toEqual([]);
    if (hasRsync) {
      expect(rsyncDifferences(volume(), tree.root)).toEqual([]);
    }
    expect(await readdir(temp.join('restored'))).not.toContain('git');
  });

  it('passes the checks of strict servers, and can be read with a plain clone', async () => {
    makeOddTree(volume());
    const engine = await made();
    await git('-C', remote(), 'config', 'receive.fsckObjects', 'true');
    await backUp(engine, volume(), temp.path);
    await git('-C', remote(), 'fsck', '--strict');
    await git('-c', 'core.autocrlf=false', 'clone', '-q', '-b', 'backup/data', remote(), temp.join('clone'));
    const plain = (name: string) => readFileSync(temp.join('clone', name), 'utf8');
    expect(plain('crlf.txt')).toBe('one\r\ntwo\r\n$Id$\r\n');
    expect(plain('app.log')).toBe('ignored by .gitignore\n');
    expect(plain('secret/value')).toBe('kept\n');
    expect(plain('nested/file')).toBe('content of a nested repository\n');
    expect(plain('nested/%2Egit/HEAD')).toBe('ref: refs/heads/main\n');
    expect(plain('new\nline')).toContain('named');
    expect(plain('.pillion/manifest.mtree')).toMatch(/^#mtree\n/);
    expect(statSync(temp.join('clone/executable')).mode & 0o111).not.toBe(0);
  });

  it('is what it is: not there, without the branch, with it', async () => {
    const engine = engineFor();
    expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'absent' } });
    await engine.init(work.signal);
    expect(await engine.state(work.signal)).toEqual({ kind: 'NONE' });
    await makeVolume();
    const first = await backUp(engine, volume(), temp.path);
    await writeFile(`${volume()}/new`, 'x');
    const second = await backUp(engine, volume(), temp.path);
    const state = await engineFor({}, 'data', temp.join('elsewhere')).state(work.signal);
    expect(state).toEqual({ kind: 'HAS', snapshots: [second.snapshot, first.snapshot], damaged: [] });
  });

  it('of another volume is not taken for this one', async () => {
    await makeVolume();
    await backUp(await made(), volume(), temp.path);
    const other = engineFor({}, 'other');
    expect(await other.state(work.signal)).toMatchObject({
      kind: 'UNKNOWN',
      reason: { message: expect.stringContaining('the volume data, not of other') },
    });
    await expect(backUp(other, volume(), temp.path)).rejects.toMatchObject({ code: 'store_failed' });
  });

  it('sends what changed alone, and follows every kind of change', async () => {
    await makeVolume();
    const engine = await made();
    await writeFile(`${volume()}/large`, Buffer.alloc(500_000, Math.random().toString()));
    await backUp(engine, volume(), temp.path);
    await unlink(`${volume()}/a`);
    await mkdir(`${volume()}/a`);
    await writeFile(`${volume()}/a/inside`, 'a file became a directory');
    await rm(`${volume()}/d`, { recursive: true });
    await symlink('a', `${volume()}/d`);
    await rename(`${volume()}/large`, `${volume()}/moved`);
    await backUp(engine, volume(), temp.path);
    const tree = await restore(engine, await newest(engine), temp.join('restored'));
    expect(await differences(tree)).toEqual([]);
    expect(hasRsync ? rsyncDifferences(volume(), tree.root) : []).toEqual([]);
    const names = await git('-C', remote(), 'ls-tree', '-r', '--name-only', 'backup/data');
    expect(names.trim().split('\n')).toEqual([
      '.pillion/blobs',
      '.pillion/manifest.mtree',
      'a/inside',
      'd',
      'moved',
    ]);
  });

  it('makes no commit when nothing changed', async () => {
    await makeVolume();
    for (const path of ['a', 'd/b']) {
      await utimes(`${volume()}/${path}`, 1e9, 1e9);
    }
    const engine = await made();
    const { manifest, snapshot } = await backUp(engine, volume(), temp.path);
    const again = await engine.backup(
      { volume: volume(), manifest, exclude: [], mounts: [], now: 9e12, isPartial: false },
      work,
    );
    expect(again.snapshot).toEqual(snapshot);
  });

  it('restores older snapshots by their names', async () => {
    await makeVolume();
    const engine = await made();
    const first = await backUp(engine, volume(), temp.path);
    await writeFile(`${volume()}/a`, 'changed');
    await backUp(engine, volume(), temp.path);
    const tree = await restore(engine, first.snapshot, temp.join('restored'));
    expect(await readFile(`${tree.root}/a`, 'utf8')).toBe('content of a');
    expect(await differences(tree)).toEqual([]);
  });

  it('begins with what somebody else has committed, and goes on behind it', async () => {
    await git('init', '-q', '-b', 'main', temp.join('work'));
    await mkdir(temp.join('work/sub'));
    await writeFile(temp.join('work/sub/index.html'), 'hello\r\n');
    await writeFile(temp.join('work/.gitattributes'), '* text eol=lf\n');
    await writeFile(temp.join('work/run'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('sub/index.html', temp.join('work/link'));
    await git('-C', temp.join('work'), '-c', 'core.autocrlf=false', 'add', '-A');
    await git('-C', temp.join('work'), ...IDENTITY, 'commit', '-qm', 'demo');
    await git('clone', '-q', '--bare', temp.join('work'), remote());
    const engine = engineFor({ branch: 'main' });
    const snapshot = await newest(engine);
    const tree = await restore(engine, snapshot, temp.join('restored'));
    expect(tree.manifest).toBeUndefined();
    expect(await readFile(`${tree.root}/sub/index.html`, 'utf8')).toBe('hello\n'); // as it was committed
    expect(statSync(`${tree.root}/run`).mode & 0o777).toBe(0o755);
    expect(await readFile(`${tree.root}/link`, 'utf8')).toBe('hello\n');
    await makeVolume();
    await backUp(engine, volume(), temp.path);
    expect(await git('-C', remote(), 'log', '--format=%s', 'main')).toMatch(/^Backup of data at .*\ndemo$/);
    const again = await restore(engine, await newest(engine), temp.join('again'));
    expect(await differences(again)).toEqual([]);
  });

  it('never overwrites what another has pushed meanwhile', async () => {
    await makeVolume();
    const engine = await made();
    await backUp(engine, volume(), temp.path);
    const tree = await git('-C', remote(), 'rev-parse', 'backup/data^{tree}');
    const other = await git('-C', remote(), ...IDENTITY, 'commit-tree', '-m', 'other', tree.trim());
    const program = temp.join('git-with-a-rival');
    const rival = `env -u GIT_DIR git -C ${remote()} update-ref refs/heads/backup/data ${other.trim()}`;
    await writeFile(program, `#!/bin/sh\n[ "$1" != push ] || ${rival}\nexec git "$@"\n`, { mode: 0o755 });
    await writeFile(`${volume()}/a`, 'changed');
    const late = engineFor({ program });
    await expect(backUp(late, volume(), temp.path)).rejects.toMatchObject({ code: 'store_failed' });
    expect(await git('-C', remote(), 'log', '-1', '--format=%s', 'backup/data')).toBe('other');
  });

  it.each([
    ['.env', 'PASSWORD=x'],
    ['deep/id_ed25519', 'x'],
    ['deep/notes.txt', '-----BEGIN OPENSSH PRIVATE KEY-----\nx'],
  ])('refuses %s, which git would show to others for ever', async (path, content) => {
    await makeVolume();
    await mkdir(`${volume()}/deep`);
    await writeFile(`${volume()}/${path}`, content);
    const engine = await made();
    await expect(backUp(engine, volume(), temp.path)).rejects.toThrow(path);
    expect(await engine.state(work.signal)).toEqual({ kind: 'NONE' });
    await backUp(engineFor({ allowSecrets: true }), volume(), temp.path);
  });

  it('refuses a file that is not as the manifest says any more, and pushes nothing', async () => {
    await makeVolume();
    const engine = await made();
    const manifest = temp.join('early');
    await scanVolume(volume(), manifest, { ...work, exclude: [] });
    await writeFile(`${volume()}/d/b`, 'CONTENT of b');
    const request = { volume: volume(), manifest, exclude: [], mounts: [], now: 5, isPartial: false };
    await expect(engine.backup(request, work)).rejects.toMatchObject({ code: 'volume_changed' });
    expect(await engine.state(work.signal)).toEqual({ kind: 'NONE' });
  });

  it('with a bit turned in any object does not restore it as if it were good', async () => {
    await makeVolume();
    const engine = await made();
    await git('-C', remote(), 'config', 'receive.unpackLimit', '10000'); // each object is a file of its own
    const { snapshot } = await backUp(engine, volume(), temp.path);
    const objects = readdirSync(`${remote()}/objects`, { recursive: true, encoding: 'utf8' })
      .map((name) => join(remote(), 'objects', name))
      .filter((path) => statSync(path).isFile() && /\/[0-9a-f]{38}$/.test(path));
    expect(objects.length).toBeGreaterThanOrEqual(7); // commit, 3 trees, 2 files, 2 of ours; 1 tree may be another's
    for (const path of objects) {
      const good = await readFile(path);
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(good.length >> 1) ^ 4, good.length >> 1);
      await rm(path); // they are read-only
      await writeFile(path, bad);
      const outcome = await restore(engine, snapshot, temp.join('restored')).then(
        () => 'restored',
        () => 'refused',
      );
      expect(outcome, path).toBe('refused');
      expect(await engine.verify(1, work), path).not.toEqual([]);
      await rm(path);
      await writeFile(path, good);
      await rm(temp.join('restored'), { recursive: true, force: true });
    }
    expect(await engine.verify(1, work)).toEqual([]);
    expect(await differences(await restore(engine, snapshot, temp.join('restored')))).toEqual([]);
  });

  it('lists and shows what it holds, and never forgets the newest', async () => {
    makeOddTree(volume());
    const engine = await made();
    const { snapshot } = await backUp(engine, volume(), temp.path);
    const lines: string[] = [];
    await engine.ls(snapshot, work, (line) => lines.push(line));
    expect(lines).toContain('nested/.git/HEAD');
    const chunks: string[] = [];
    await engine.cat(snapshot, 'nested/.git/HEAD', work, (chunk) => void chunks.push(chunk.toString()));
    expect(chunks.join('')).toBe('ref: refs/heads/main\n');
    await engine.forget([snapshot], work);
    expect((await newest(engine)).id).toBe(snapshot.id);
  });

  it('starts its own repository over when there is too much in it', async () => {
    await makeVolume();
    const engine = await made();
    await backUp(engine, volume(), temp.path);
    const own = readdirSync(temp.join('work'), { recursive: true, encoding: 'utf8' });
    const objects = temp.join('work', own.find((name) => name.endsWith('.git/objects')) ?? '', '17');
    await mkdir(objects, { recursive: true });
    const junk = Array.from({ length: 41 }, (_, index) => join(objects, String(index).padStart(38, '0')));
    await Promise.all(junk.map((path) => writeFile(path, '')));
    await writeFile(`${volume()}/a`, 'other content of a');
    const { snapshot, files, digest } = await backUp(engine, volume(), temp.path);
    expect(await engine.readBack(snapshot, work)).toEqual({ files, manifestDigest: digest });
    expect(await readdir(objects).catch(() => [])).not.toContain(basename(junk[0] ?? ''));
  });

  it('leaves no process and no socket behind', async () => {
    await makeVolume();
    const engine = await made();
    await backUp(engine, volume(), temp.path);
    const left = spawnSync('pgrep', ['-f', temp.path], { encoding: 'utf8' }).stdout;
    expect(left.trim()).toBe('');
  });
});
