import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRepository, type GitRepository } from '../../../support/git-repository.ts';
import { pseudoRandomBytes } from '../../../support/large-repository.ts';
import { PILLION } from '../../../support/pillion.ts';
import { type ProgramResult, tryProgram } from '../../../support/run-program.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { leftoversIn, syncArguments } from './support.ts';

const temp = useTempDir();
const MIB = 1024 * 1024;

/** Mounting needs a mount namespace; without the right to make one there is nothing to be tested. */
const canMount = (await tryProgram('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'])).code === 0;

interface Volume {
  /** The root as this process sees it, through /proc. */
  readonly root: string;
  /** Runs a sync once in the namespace in which the volume is. */
  sync(...flags: string[]): Promise<ProgramResult>;
  /** Runs a sidecar in the namespace until the test ends; what it has logged by now. */
  watch(...flags: string[]): () => string;
  resize(mebibytes: number): Promise<void>;
}

/** A volume of a few MiB that only a namespace of its own sees. */
async function mountVolume(repository: GitRepository, mebibytes: number): Promise<Volume> {
  const inside = temp.join('volume');
  await mkdir(inside);
  const script = `mount -t tmpfs -o size=${mebibytes}m none "$0" && echo ready && exec sleep 300`;
  const holder = spawn('unshare', ['-m', 'sh', '-c', script, inside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    holder.kill('SIGKILL');
  });
  await once(holder.stdout, 'data');
  const inNamespace = ['--mount', `--target=${holder.pid}`];
  const place = {
    cwd: temp.path,
    env: { PATH: process.env['PATH'], HOME: temp.path, TMPDIR: temp.path },
  };
  const enter = (...command: string[]) => tryProgram('nsenter', [...inNamespace, ...command], place);
  const flagsFor = (flags: readonly string[]) => [
    process.execPath,
    PILLION,
    ...syncArguments({ repo: repository.url, root: path.join(inside, 'root'), flags }),
  ];
  return {
    root: `/proc/${holder.pid}/root${inside}/root`,
    sync: (...flags) => enter(...flagsFor(flags), '--one-time'),
    watch(...flags) {
      const sidecar = spawn('nsenter', [...inNamespace, ...flagsFor(flags)], {
        ...place,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let log = '';
      sidecar.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
      onTestFinished(async () => {
        sidecar.kill('SIGTERM');
        await (sidecar.exitCode ?? once(sidecar, 'exit'));
      });
      return () => log;
    },
    async resize(size) {
      const result = await enter('mount', '-o', `remount,size=${size}m`, inside);
      expect(result.code, result.stderr).toBe(0);
    },
  };
}

async function published(volume: Volume): Promise<{ hash: string; name: string }> {
  const link = path.join(volume.root, 'link');
  const name = await readFile(path.join(link, 'name'), 'utf8');
  return { hash: path.basename(await readlink(link)), name };
}

const commit = (repository: GitRepository, name: string, size: number) =>
  repository.commit({
    name,
    data: pseudoRandomBytes(size, name.length),
    'folder/more': pseudoRandomBytes(size / 4, 7),
  });

describe.skipIf(!canMount)('on a volume that is full (needs the right to mount)', () => {
  it('fails clearly at the first sync, and works when there is room', async () => {
    const repository = await createRepository(temp.join('repo.git'));
    const hash = await commit(repository, 'one', 4 * MIB);
    const volume = await mountVolume(repository, 6);
    for (let round = 0; round < 2; round += 1) {
      const result = await volume.sync();
      expect(result.code).toBe(1);
      expect(result.stderr).toContain('"code":"disk_full"');
      expect(result.stderr).toContain('raise its size limit');
    }
    await volume.resize(30);
    expect((await volume.sync()).code).toBe(0);
    expect(await published(volume)).toEqual({ hash, name: 'one' });
    expect(await leftoversIn(volume.root)).toEqual([]);
  });

  it('keeps the old tree when an update does not fit, and takes a smaller commit or more room later', async () => {
    const repository = await createRepository(temp.join('repo.git'));
    const first = await commit(repository, 'one', MIB);
    const volume = await mountVolume(repository, 9);
    expect((await volume.sync()).code).toBe(0);
    // Too large to be fetched, and then small enough to be fetched but not to be checked out.
    for (const [name, size] of [
      ['too large', 12 * MIB],
      ['too large to check out', 3 * MIB],
    ] as const) {
      await commit(repository, name, size);
      const result = await volume.sync();
      expect(result.code, name).toBe(1);
      expect(result.stderr, name).toContain('"code":"disk_full"');
      expect(await published(volume), name).toEqual({ hash: first, name: 'one' });
    }
    const small = await commit(repository, 'small', MIB / 2);
    expect((await volume.sync()).stderr).toContain('updated successfully');
    expect(await published(volume)).toEqual({ hash: small, name: 'small' });
    const large = await commit(repository, 'large', 12 * MIB);
    expect((await volume.sync()).code).toBe(1);
    await volume.resize(60);
    expect((await volume.sync()).code).toBe(0);
    expect(await published(volume)).toEqual({ hash: large, name: 'large' });
    expect(await leftoversIn(volume.root)).toEqual([]);
  });

  it('a sidecar fetches what does not fit once in a pass, not by its hash and by its name', async () => {
    const repository = await createRepository(temp.join('repo.git'));
    const first = await commit(repository, 'one', MIB);
    const volume = await mountVolume(repository, 9);
    const log = volume.watch('--period=100ms', '--max-failures=-1', '--verbose=2');
    await waitFor(() => log().includes('updated successfully'), { what: 'the first sync' });
    await commit(repository, 'too large', 12 * MIB);
    await waitFor(() => log().split('"code":"disk_full"').length > 2, { what: 'two failures' });
    expect(log()).not.toContain('fetching by hash failed');
    expect(await published(volume)).toEqual({ hash: first, name: 'one' });
  });
});

it.skipIf(canMount)('cannot be shown here with a full volume: no right to mount one', () => {
  expect(canMount).toBe(false);
});
