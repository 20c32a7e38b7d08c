/** Each call of restic that opens a repository computes for half a second: they are counted. */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PASSWORD, readTree, start, succeed, writeTree } from '../../support/backup/program.ts';
import { makeKeysQuick } from '../../support/backup/quick-key.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { tryProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();

/** First words of the calls since it was last asked. */
async function calls(): Promise<string[]> {
  const text = await readFile(dir.join('calls'), 'utf8').catch(() => '');
  await rm(dir.join('calls'), { force: true });
  return text.trim().split('\n').filter(Boolean);
}

/** A restic that notes what it is called for, first in the PATH of this environment. */
async function noted(): Promise<Record<string, string>> {
  await mkdir(dir.join('bin'));
  const wrapper = dir.join('bin/restic');
  const word = `for word; do case $word in version|list|snapshots|backup|rewrite|dump|cat|init|restore|forget) echo $word >> ${dir.join('calls')}; break;; esac; done`;
  await writeFile(wrapper, `#!/bin/sh\n${word}\nexec ${restic18()} "$@"\n`);
  await chmod(wrapper, 0o755);
  return { PATH: `${path.dirname(wrapper)}:${process.env['PATH']}` };
}

describe.skipIf(restic18() === undefined)(`restic is called (skipped when ${NO_RESTIC})`, () => {
  it('twice by a scheduled backup of a volume that has not changed, and by a restore of a good volume not at all', async () => {
    const volume = dir.join('volume');
    const repository = dir.join('repository');
    await writeTree(volume, { a: 'a', 'd/b': 'b' });
    const env = await noted();
    await succeed(['backup', 'now'], { volume, repository, env, flags: ['--init'] });
    await makeKeysQuick(repository, PASSWORD);
    const flags = ['--schedule', '@every 2s'];
    const running = await start(['backup'], { volume, repository, env, flags });
    onTestFinished(async () => void (await running.stop()));
    await running.waitForLog('"job succeeded"');
    const from = running.lines().length;
    await calls();
    await running.waitForLog('"job succeeded"', { from });
    running.signal('SIGSTOP');
    expect(await calls()).toEqual(['rewrite', 'dump']);
    running.signal('SIGCONT');
    await running.stop();
    await calls();
    await succeed(['restore'], { volume, repository, env });
    expect(await calls()).toEqual([]);
  });

  it('with a cache that is never larger than its limit between backups, and works without', async () => {
    const volume = dir.join('volume');
    const repository = dir.join('repository');
    const workDir = dir.join('work');
    const backUp = async (limit: string) => {
      const flags = ['--init', '--work-dir', workDir, '--cache-limit', limit];
      await succeed(['backup', 'now'], { volume, repository, flags });
      const { stdout } = await tryProgram('du', ['-sk', path.join(workDir, 'restic-cache')]);
      return Number.parseInt(stdout, 10);
    };
    // A name is what a directory's list has of a file: these are the larger part of the cache.
    const names = (from: number) =>
      Object.fromEntries(
        Array.from({ length: 400 }, (_, n) => [`${'x'.repeat(200)}${from + n}`, `${from + n}`]),
      );
    await writeTree(volume, names(0));
    const whole = await backUp('1GiB');
    expect(whole).toBeGreaterThan(40);
    await writeTree(volume, names(5000));
    expect(await backUp(`${whole}KiB`)).toBeLessThanOrEqual(whole);
    await writeTree(volume, { 'one more': '1' });
    expect(await backUp('0')).toBeLessThanOrEqual(8);
    await rm(volume, { recursive: true });
    await mkdir(volume);
    await succeed(['restore'], { volume, repository });
    expect(Object.keys(await readTree(volume))).toHaveLength(801);
  });

  it('once for the one list of packs that a backup has added, however many there are and without a cache', async () => {
    const volume = dir.join('volume');
    const repository = dir.join('repository');
    const env = await noted();
    const backUp = async (number: number) => {
      await writeTree(volume, { a: `${number}`, [`d/${number}`]: `${number}` });
      const flags = [...(number === 0 ? ['--init'] : []), '--work-dir', dir.join(`work-${number}`)];
      await calls();
      await succeed(['backup', 'now'], { volume, repository, env, flags });
    };
    await backUp(0);
    await makeKeysQuick(repository, PASSWORD);
    for (let number = 1; number < 4; number += 1) {
      await backUp(number);
    }
    expect((await calls()).toSorted()).toEqual(['backup', 'cat', 'dump', 'list', 'snapshots', 'version']);
  });
});
