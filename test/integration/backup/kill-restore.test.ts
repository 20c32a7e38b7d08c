import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readTree, run, start, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';

/** More of them for a longer search: each is a whole restore or two. */
const KILLS = Number(process.env['PILLION_KILLS'] ?? 8);
const BEFORE = { 'app.db': 'garbage', 'old/file': 'of the application' };
const AFTER = {
  'app.db': 'good content',
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`d${index % 7}/f${index}`, `file ${index}`]),
  ),
};
const flags = ['--check', 'grep -q content app.db'];

describe.each([
  ['restic', (scratch: string) => path.join(scratch, 'repository'), restic18() === undefined],
  ['dir', (scratch: string) => `dir:${path.join(scratch, 'directory')}`, false],
  ['git', (scratch: string) => `git+file://${path.join(scratch, 'data.git')}#data`, false],
])(`a restore by %s that is killed (restic is skipped when ${NO_RESTIC})`, (_, place, isSkipped) => {
  let scratch = '';
  beforeAll(async () => {
    if (!isSkipped) {
      scratch = await makeTempDir();
      const volume = path.join(scratch, 'source');
      await writeTree(volume, AFTER);
      await succeed(['backup', 'now'], { volume, repository: place(scratch), flags: ['--init'] });
    }
  });
  afterAll(() => (scratch === '' ? undefined : removeTempDir(scratch)));

  it.skipIf(isSkipped)(
    'leaves the old data or the snapshot, and never lets the application start on a mixture',
    async () => {
      const repository = place(scratch);
      const volume = path.join(scratch, 'volume');
      const fresh = async () => {
        await rm(volume, { recursive: true, force: true });
        await mkdir(volume);
        await writeTree(volume, BEFORE);
      };
      await fresh();
      const began = performance.now();
      await succeed(['restore'], { volume, repository, flags });
      // A machine that is busier or idler later makes it another one.
      let wholeMs = performance.now() - began;
      let interrupted = 0;
      for (let number = 0; number < KILLS; number += 1) {
        await fresh();
        const running = await start(['restore'], { volume, repository, flags });
        const timer = setTimeout(
          () => running.signal('SIGKILL'),
          wholeMs * (0.2 + (0.85 * (number + 0.5)) / KILLS),
        );
        const { code, durationMs } = await running.exit;
        clearTimeout(timer);
        await running.stop();
        if (code === 0) {
          wholeMs = Math.min(wholeMs, durationMs);
        } else {
          interrupted += 1;
        }
        // While the journal stands, the next start finishes it before anything else looks at the volume.
        const own = await readdir(path.join(volume, '.pillion')).catch(() => []);
        if (!own.some((name) => name.startsWith('journal'))) {
          expect([BEFORE, AFTER]).toContainEqual(await readTree(volume));
        }
        await succeed(['restore'], { volume, repository, flags });
        expect(await readTree(volume)).toEqual(AFTER);
        const [quarantine = ''] = await readdir(path.join(volume, '.pillion/quarantine'));
        expect(await readTree(path.join(volume, '.pillion/quarantine', quarantine))).toEqual(BEFORE);
      }
      expect(interrupted).toBeGreaterThan(KILLS / 4);
    },
  );
});

describe('a restore that is killed, of which the check refuses every snapshot', () => {
  it('leaves the old data, at the latest after the next start, and a mended check is content with it', async () => {
    const scratch = await makeTempDir();
    onTestFinished(() => removeTempDir(scratch));
    const repository = `dir:${path.join(scratch, 'directory')}`;
    const source = path.join(scratch, 'source');
    await writeTree(source, AFTER);
    await succeed(['backup', 'now'], { volume: source, repository, flags: ['--init'] });
    const volume = path.join(scratch, 'volume');
    const refusing = ['--check', `sh -c 'sleep 0.2; exit 1'`];
    let inPlace = 0;
    for (let number = 0; number < KILLS; number += 1) {
      await rm(volume, { recursive: true, force: true });
      await writeTree(volume, BEFORE);
      const running = await start(['restore'], { volume, repository, flags: refusing });
      const from = number % 2 === 0 ? '"restoring"' : '"in progress: commit"';
      await Promise.race([running.waitForLog(from), running.exit]);
      await delay(Math.random() * 150);
      running.signal('SIGKILL');
      await running.exit;
      await running.stop();
      const own = await readdir(path.join(volume, '.pillion'));
      if (own.some((name) => name.startsWith('journal'))) {
        inPlace += 1;
      } else {
        expect(await readTree(volume)).toEqual(BEFORE);
      }
      const next = await run(['restore'], { volume, repository, flags: refusing });
      expect([next.code, next.stderr]).toEqual([1, expect.stringContaining('check sh: exit code 1')]);
      expect(await readTree(volume)).toEqual(BEFORE);
      expect(await readdir(path.join(volume, '.pillion'))).toEqual(['rejected.json']);
      await succeed(['restore'], { volume, repository, flags: ['--check', 'grep -q garbage app.db'] });
      expect(await readTree(volume)).toEqual(BEFORE);
    }
    expect(inPlace).toBeGreaterThan(0);
  });
});
