/** Snapshots with our tag that somebody else has made: nothing outside the volume is touched, and none starts it empty. */
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, run, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { runProgram } from '../../support/run-program.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const restic = restic18();
const dir = useTempDir();
let scratch = '';
const at = (name: string) => path.join(scratch, name);

/** What is stored, by restic itself: paths, and where it runs. */
const SNAPSHOTS: Readonly<
  Record<string, () => Promise<{ readonly paths: readonly string[]; readonly cwd?: string }>>
> = {
  'a link as its root': async () => {
    await symlink(at('precious'), at('link'));
    return { paths: [at('link')] };
  },
  'a file as its root': () => Promise.resolve({ paths: [at('precious/file')] }),
  'a relative path': () => Promise.resolve({ paths: ['.'], cwd: at('precious') }),
  'nothing but our own folder': async () => {
    await writeTree(at('own'), {
      '.pillion/marker.json': '{"version":1,"volume":"data","origin":"adopted","since":1}',
    });
    return { paths: [at('own')] };
  },
  nothing: async () => {
    await mkdir(at('empty'));
    return { paths: [at('empty')] };
  },
  'two directories': () => Promise.resolve({ paths: [at('precious'), at('other')] }),
  'a manifest that is a FIFO': async () => {
    await mkdir(at('fifo'));
    await runProgram('mkfifo', [at('fifo/pillion-manifest')]);
    return { paths: [at('precious'), at('fifo/pillion-manifest')] };
  },
  'a manifest that is a link': async () => {
    await mkdir(at('leads'));
    await symlink('/etc/passwd', at('leads/pillion-manifest'));
    return { paths: [at('precious'), at('leads/pillion-manifest')] };
  },
  'a manifest of three bytes': async () => {
    await writeTree(at('short'), { 'pillion-manifest': '#m\n' });
    return { paths: [at('precious'), at('short/pillion-manifest')] };
  },
};

describe.skipIf(restic === undefined)(`a snapshot (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    scratch = await makeTempDir();
    await writeTree(at('precious'), { file: 'nobody is to touch this' });
    await writeTree(at('other'), { file: 'this neither' });
    await succeed(['backup', 'now'], {
      volume: at('precious'),
      repository: at('repository'),
      name: 'x',
      flags: ['--init'],
    });
  });
  afterAll(() => removeTempDir(scratch));

  it.each(Object.entries(SNAPSHOTS))('with %s is refused, and an older one is used', async (_, make) => {
    const repository = dir.join('repository');
    const volume = dir.join('volume');
    const { paths, cwd = '/' } = await make();
    await runProgram('cp', ['-r', at('repository'), repository]);
    await mkdir(volume);
    const env = {
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: PASSWORD,
      RESTIC_CACHE_DIR: dir.join('cache'),
    };
    const store = ['backup', '--quiet', '--host', 'data', '--tag', 'volume=data', '--', ...paths];
    await runProgram(restic ?? '', store, { env, cwd });
    const { code, stderr } = await run(['restore'], {
      volume,
      repository,
      flags: ['--timeout=0', '--on-missing=allow'],
    });
    expect(code, stderr).toBe(1);
    expect(await readdir(volume)).toEqual((await readdir(volume)).filter((name) => name === '.pillion'));
    expect(await readFile(at('precious/file'), 'utf8')).toBe('nobody is to touch this');
    // A good one next to it is found.
    await writeTree(dir.join('source'), { good: 'content' });
    const older = [...store.slice(0, -paths.length), dir.join('source')];
    await runProgram(
      restic ?? '',
      [...older.slice(0, 1), '--time', '2020-01-01 00:00:00', ...older.slice(1)],
      { env, cwd: '/' },
    );
    await succeed(['restore'], { volume, repository, flags: ['--timeout=0'] });
    expect((await readdir(volume)).toSorted()).toEqual(['.pillion', 'good']);
  });
});
