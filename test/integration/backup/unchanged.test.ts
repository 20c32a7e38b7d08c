/** A volume that is as its last snapshot has it: the snapshot is stored again, and nobody walks the volume for it. */
import { chmod, cp, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { PASSWORD, readTree, run, succeed, writeTree } from '../../support/backup/program.ts';
import { startRestServer } from '../../support/backup/rest-server.ts';
import { NO_RESTIC, restic18, restServer } from '../../support/backup/restic.ts';
import { runProgram } from '../../support/run-program.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';

const dir = useTempDir();
/** Files change again within a tick of the clock: what has just changed is read again by the next backup. */
const SETTLED_MS = 2100;
const scene = { scratch: '', volume: '', repository: '', work: '' };

interface Listed {
  readonly id: string;
  readonly tree: string;
  readonly time: string;
  readonly original?: string;
}

async function snapshotsIn(repository: string): Promise<Listed[]> {
  const args = ['--repo', repository, '--no-lock', '--no-cache', 'snapshots', '--json'];
  const env = { ...process.env, RESTIC_PASSWORD: PASSWORD };
  const stdout = await runProgram(restic18() ?? 'restic', args, { env });
  return JSON.parse(stdout) as Listed[];
}

const backUp = (repository: string, ...flags: string[]) =>
  succeed(['backup', 'now'], {
    volume: scene.volume,
    repository,
    flags: ['--work-dir', scene.work, ...flags],
  });

describe.skipIf(restic18() === undefined)(`an unchanged volume (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    scene.scratch = await makeTempDir();
    scene.volume = path.join(scene.scratch, 'volume');
    scene.repository = path.join(scene.scratch, 'repository');
    scene.work = path.join(scene.scratch, 'work');
    await writeTree(scene.volume, { a: 'a', 'd/b': 'b', 'd/x.tmp': 'x' });
    await backUp(scene.repository, '--init');
  });
  beforeEach(async () => {
    const files = await Promise.all(['a', 'd/b'].map((name) => stat(path.join(scene.volume, name))));
    const changed = Math.max(...files.map(({ ctimeMs }) => ctimeMs));
    await waitFor(async () => Date.now() - changed > SETTLED_MS || undefined, { what: 'a settled volume' });
    await backUp(scene.repository);
    await cp(scene.repository, dir.join('repository'), { recursive: true });
    // What is stored again gets a time in whole seconds, which must be later than the last.
    const made = Date.parse((await snapshotsIn(scene.repository)).at(-1)?.time ?? '');
    const isLater = async () => Math.floor(Date.now() / 1000) * 1000 > made || undefined;
    await waitFor(isLater, { what: 'the next second' });
  });
  afterAll(() => removeTempDir(scene.scratch));

  /** Whether the newest of the snapshots is an earlier one once more. */
  const isRepeated = async (...flags: string[]): Promise<boolean> => {
    await backUp(dir.join('repository'), ...flags);
    return (await snapshotsIn(dir.join('repository'))).at(-1)?.original !== undefined;
  };

  it('has its snapshot stored again under a new time, and it is restored like any other', async () => {
    const before = await snapshotsIn(dir.join('repository'));
    expect(await isRepeated()).toBe(true);
    const after = await snapshotsIn(dir.join('repository'));
    expect(after).toHaveLength(before.length + 1);
    const [last, repeated] = [before.at(-1), after.at(-1)];
    expect(repeated).toMatchObject({ tree: last?.tree, original: last?.id });
    expect(Date.parse(repeated?.time ?? '')).toBeGreaterThan(Date.parse(last?.time ?? ''));
    const volume = dir.join('restored');
    await mkdir(volume);
    const { code, stderr } = await run(['restore'], { volume, repository: dir.join('repository') });
    expect([code, stderr]).toEqual([0, expect.stringContaining(repeated?.id ?? 'none')]);
    expect(await readTree(volume)).toEqual(await readTree(scene.volume));
  });

  it.skipIf(restServer() === undefined)('is stored again where a server only lets it add', async () => {
    await cp(scene.repository, dir.join('rest/app'), { recursive: true });
    const server = await startRestServer(restServer() ?? '', dir.join('rest'), ['app'], {
      isAppendOnly: true,
    });
    onTestFinished(() => server.stop());
    const before = await snapshotsIn(dir.join('rest/app'));
    await backUp(server.location('app'));
    const after = await snapshotsIn(dir.join('rest/app'));
    expect(after).toHaveLength(before.length + 1);
    expect(after.at(-1)?.original).toBe(before.at(-1)?.id);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'content of the same size and time',
      async () => {
        const file = path.join(scene.volume, 'a');
        const { atime, mtime } = await stat(file);
        await writeFile(file, 'A');
        await utimes(file, atime, mtime);
      },
    ],
    ['the mode of a directory', () => chmod(path.join(scene.volume, 'd'), 0o711)],
    ['a FIFO', () => runProgram('mkfifo', [path.join(scene.volume, 'fifo')])],
  ])('is walked when it has changed: %s', async (_, change) => {
    await change();
    expect(await isRepeated()).toBe(false);
  });

  it('is walked when other patterns leave something out', async () => {
    expect(await isRepeated('--exclude', '*.tmp')).toBe(false);
  });

  it('is walked when the repository does not have that snapshot any more', async () => {
    const last = (await snapshotsIn(dir.join('repository'))).at(-1);
    await rm(path.join(dir.join('repository'), 'snapshots', last?.id ?? 'none'));
    expect(await isRepeated()).toBe(false);
  });

  it('is walked when its last walk was a day ago', async () => {
    const record = path.join(scene.work, 'previous-snapshot.json');
    const known = JSON.parse(await readFile(record, 'utf8')) as { readonly walked: number };
    await writeFile(record, JSON.stringify({ ...known, walked: known.walked - 24 * 3_600_000 }));
    expect(await isRepeated()).toBe(false);
  });

  it('is walked when nothing can be believed of what was noted', async () => {
    await writeFile(path.join(scene.work, 'previous-snapshot.json'), '{"version":1,"id":');
    expect(await isRepeated()).toBe(false);
  });
});
