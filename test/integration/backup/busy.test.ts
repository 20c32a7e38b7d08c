/** A volume that is never quiet: what is stored of it verifies all the same. */
import { spawn } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readTree, run, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';

const dir = useTempDir();
const QUIET = Object.fromEntries(
  Array.from({ length: 200 }, (_, index) => [`quiet/${index % 9}/f${index}`, `${index}`]),
);

/** Appends, replaces by rename, and makes and removes files and directories, until it is killed. */
const WRITER = `
const fs = require('node:fs');
for (let n = 0; ; n += 1) {
  fs.appendFileSync('log/app.log', n + '\\n');
  fs.writeFileSync('state/new', String(n));
  fs.renameSync('state/new', 'state/current');
  fs.writeFileSync('spool/m' + n, 'mail');
  fs.rmSync('spool/m' + (n - 20), { force: true });
  fs.writeFileSync('spool/kept' + n, 'mail');
  fs.mkdirSync('spool/d' + n + '/deep', { recursive: true });
  fs.writeFileSync('spool/d' + n + '/deep/f', 'x');
  fs.rmSync('spool/d' + (n - 3), { recursive: true, force: true });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}`;

const ENGINES: readonly (readonly [string, () => string])[] = [
  ['dir', () => `dir:${dir.join('repository')}`],
  ...(restic18() === undefined ? [] : ([['restic', () => dir.join('repository')]] as const)),
];

/** The newest snapshot is what is restored, with all that was quiet. */
async function expectRestored(repository: string): Promise<void> {
  const restored = dir.join('restored');
  await mkdir(restored);
  const { code, stderr } = await run(['restore'], { volume: restored, repository });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('given up')]);
  expect(await readTree(restored)).toMatchObject(QUIET);
}

describe.each(ENGINES)(`a volume with %s (restic is left out when ${NO_RESTIC})`, (_, place) => {
  it('is stored though it is written to all the time, and the newest snapshot verifies', async () => {
    const volume = dir.join('volume');
    await mkdir(volume);
    await writeTree(volume, { ...QUIET, 'log/app.log': '', 'state/current': '', 'spool/m': '' });
    const writer = spawn(process.execPath, ['-e', WRITER], { cwd: volume, stdio: 'ignore' });
    onTestFinished(() => void writer.kill('SIGKILL'));
    const log = path.join(volume, 'log');
    await waitFor(async () => (await readTree(log))['app.log'] !== '' || undefined, { what: 'writes' });
    const repository = place();
    const flags = ['--init', '--attempts', '6'];
    const stored = await run(['backup', 'now'], { volume, repository, flags });
    expect([stored.code, stored.stderr]).toEqual([0, expect.stringContaining('reading it again')]);
    writer.kill('SIGKILL');
    await expectRestored(repository);
    const snapshots = await run(['backup', 'snapshots'], { volume, repository });
    expect(snapshots.stdout.trim().split('\n')).toHaveLength(1);
  });
});

/** Longer and shorter all the time. */
const RESTLESS = `
const fs = require('node:fs');
for (let n = 0; ; n += 1) {
  fs.writeFileSync('restless', Buffer.alloc(4e6 + (n % 7) * 1e6, 'x'));
}`;

describe.each([...ENGINES, ['git', () => `git+file://${dir.join('data.git')}#data`] as const])(
  `a file that never holds still, with %s (restic is left out when ${NO_RESTIC})`,
  (_, place) => {
    it('keeps nothing else from being stored', async () => {
      const volume = dir.join('volume');
      await mkdir(volume);
      await writeTree(volume, { ...QUIET, restless: '' });
      const writer = spawn(process.execPath, ['-e', RESTLESS], { cwd: volume, stdio: 'ignore' });
      onTestFinished(() => void writer.kill('SIGKILL'));
      await waitFor(async () => (await stat(path.join(volume, 'restless'))).size > 0 || undefined, {
        what: 'writes',
      });
      const repository = place();
      expect((await run(['backup', 'now'], { volume, repository, flags: ['--init'] })).code).toBe(0);
      writer.kill('SIGKILL');
      await expectRestored(repository);
    });
  },
);
