/** Disks that are full or read-only, a second writer, a clock that was set back: an error that says so, nothing lost. */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackupCommand,
  readTree,
  run,
  start,
  succeed,
  writeTree,
} from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { canMount, NO_MOUNTS } from '../../support/mounts.ts';
import { withSmallDisk } from '../../support/small-disk.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const SIZE = { sizeKiB: 40 * 1024, inodes: 2000 };
const FILES = 200;
const stored = { scratch: '', volume: '', repository: '' };

const restore = (volume: string, ...flags: readonly string[]) =>
  run(['restore'], { ...stored, volume, flags });
const backUp = (command: BackupCommand) => run(['backup', 'now'], command);
const contentOf = async (volume: string) =>
  (await readdir(volume)).filter((name) => !['.pillion', 'lost+found'].includes(name));

describe.skipIf(restic18() === undefined)(`in a bad place (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    stored.scratch = await makeTempDir();
    stored.volume = path.join(stored.scratch, 'volume');
    stored.repository = path.join(stored.scratch, 'repository');
    const names = Array.from({ length: FILES }, (_, number) => `folder-${number % 7}/${number}`);
    await writeTree(
      stored.volume,
      Object.fromEntries(names.map((name) => [name, randomBytes(30_000).toString('hex')])),
    );
    await succeed(['backup', 'now'], { ...stored, flags: ['--init'] });
  });
  afterAll(() => removeTempDir(stored.scratch));
  const copyOfRepository = async () => {
    await cp(stored.repository, dir.join('repository'), { recursive: true });
    return dir.join('repository');
  };

  describe.skipIf(!canMount())(`such as a small disk (skipped when ${NO_MOUNTS})`, () => {
    it.each(['bytes', 'inodes'] as const)(
      'a restore whose disk runs out of %s midway goes on when there is room',
      async (what) => {
        await withSmallDisk(dir.join('disk'), SIZE, async (disk) => {
          const volume = disk.path;
          const restoring = await start(['restore'], { ...stored, volume, flags: ['--limit-download=4000'] });
          await restoring.waitForLog('"restoring"');
          disk.fill(what);
          expect((await restoring.exit).code, restoring.stderr()).toBe(1);
          await restoring.stop();
          expect(restoring.stderr()).toContain('no_space');
          expect(await contentOf(volume)).toEqual([]);
          disk.free();
          const again = await restore(volume);
          expect(again.code, again.stderr).toBe(0);
          expect(await readTree(volume)).toEqual(await readTree(stored.volume));
        });
      },
    );

    it('a backup whose work directory is full stores nothing, and says so', async () => {
      await withSmallDisk(dir.join('work'), SIZE, async (disk) => {
        disk.fill('bytes');
        const repository = await copyOfRepository();
        const { code, stderr } = await backUp({ ...stored, repository, flags: [`--work-dir=${disk.path}`] });
        expect(code).toBe(1);
        expect(stderr).toMatch(/no space left|ENOSPC/i);
        expect(await readdir(path.join(repository, 'snapshots'))).toHaveLength(1);
      });
    });

    it('a backup to a full store fails, and what was stored before stays whole', async () => {
      await withSmallDisk(dir.join('store'), SIZE, async (disk) => {
        const repository = path.join(disk.path, 'repository');
        await cp(stored.repository, repository, { recursive: true });
        const volume = dir.join('volume');
        await cp(stored.volume, volume, { recursive: true });
        await writeTree(volume, { new: randomBytes(1_000_000).toString('hex') });
        disk.fill('bytes');
        const { code, stderr } = await backUp({ volume, repository });
        expect(code).toBe(1);
        expect(stderr).toMatch(/no space left/i);
        disk.free();
        await mkdir(dir.join('copy'));
        await succeed(['restore'], { volume: dir.join('copy'), repository });
        expect(await readTree(dir.join('copy'))).toEqual(await readTree(stored.volume));
        await succeed(['backup', 'now'], { volume, repository });
      });
    });

    it('a full volume is backed up', async () => {
      await withSmallDisk(dir.join('disk'), SIZE, async (disk) => {
        await succeed(['restore'], { ...stored, volume: disk.path });
        disk.fill('bytes', 'folder-0');
        disk.fill('inodes', 'folder-0');
        await succeed(['backup', 'now'], {
          ...stored,
          volume: disk.path,
          repository: await copyOfRepository(),
        });
      });
    });

    it('a read-only volume is not restored, is used when it is good, and is backed up', async () => {
      await withSmallDisk(dir.join('disk'), SIZE, async (disk) => {
        const volume = disk.path;
        disk.setReadOnly(true);
        const empty = await restore(volume);
        expect(empty.code).toBe(1);
        expect(empty.stderr).toMatch(/read-only|EROFS/i);
        disk.setReadOnly(false);
        await succeed(['restore'], { ...stored, volume });
        disk.setReadOnly(true);
        expect((await restore(volume)).code).toBe(0);
        await succeed(['backup', 'now'], { ...stored, volume, repository: await copyOfRepository() });
      });
    });
  });

  it('where somebody else writes to the volume during a restore: nothing of theirs is lost', async () => {
    const volume = dir.join('volume');
    await mkdir(volume);
    const restoring = await start(['restore'], { ...stored, volume, flags: ['--limit-download=4000'] });
    await restoring.waitForLog('"restoring"');
    await writeTree(volume, { 'folder-1/1': 'theirs', other: 'theirs, too' });
    const { code } = await restoring.exit;
    await restoring.stop();
    expect(code, restoring.stderr()).toBe(0);
    expect(await readTree(volume)).toEqual(await readTree(stored.volume));
    const [quarantine = ''] = await readdir(path.join(volume, '.pillion/quarantine'));
    expect(await readTree(path.join(volume, '.pillion/quarantine', quarantine))).toEqual({
      'folder-1/1': 'theirs',
      other: 'theirs, too',
    });
  });

  it('where pods that share a volume start together: one restores it, and the others wait and use it', async () => {
    const volume = dir.join('volume');
    await mkdir(volume);
    const flags = ['--limit-download=2500'];
    const first = await start(['restore'], { ...stored, volume, flags });
    await first.waitForLog('"restoring"');
    const others = await Promise.all([restore(volume), restore(volume)]);
    expect((await first.exit).code, first.stderr()).toBe(0);
    await first.stop();
    for (const { code, stderr } of others) {
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('another restore of the volume runs');
      expect(stderr).not.toContain('"restoring"');
    }
    expect(await readTree(volume)).toEqual(await readTree(stored.volume));
    expect((await readdir(path.join(volume, '.pillion'))).toSorted()).toEqual(['marker.json', 'sample.json']);
  });

  it('where the volume is a link, what it leads to is stored and restored', async () => {
    const repository = dir.join('repository');
    await symlink(stored.volume, dir.join('link'));
    await succeed(['backup', 'now'], { volume: dir.join('link'), repository, flags: ['--init'] });
    await mkdir(dir.join('copy'));
    await symlink('copy', dir.join('other-link'));
    await succeed(['restore'], { volume: dir.join('other-link'), repository });
    expect(await readTree(dir.join('copy'))).toEqual(await readTree(stored.volume));
  });

  it('where the clock was set back, no backup is made that would count as older', async () => {
    const repository = await copyOfRepository();
    const volume = dir.join('volume');
    await mkdir(volume);
    await succeed(['restore'], { ...stored, volume, repository });
    const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
    const env = { LD_PRELOAD: library, FAKETIME: '-2h', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    const { code, stderr } = await backUp({ volume, repository, env });
    expect(code).toBe(1);
    expect(stderr).toContain('behind the newest snapshot');
    expect(await readdir(path.join(repository, 'snapshots'))).toHaveLength(1);
    const healthy = await run(['restore'], { volume, repository, env });
    expect(healthy.code, healthy.stderr).toBe(0);
  });
});
