import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commit } from '../../../src/backup/commit/commit.ts';
import { recover } from '../../../src/backup/commit/recover.ts';
import { beginStage } from '../../../src/backup/commit/stage.ts';
import { readTree, run, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

// Volumes without room, without inodes, and that cannot be written to: small file systems in memory, which take root.
const temp = useTempDir();
const volume = () => temp.join('volume');
const mount = (options: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', volume()]).status === 0;
const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;

beforeEach(() => mkdir(volume()));
afterEach(() => {
  while (spawnSync('umount', [volume()]).status === 0);
});

const ENGINES: readonly (readonly [string, () => string])[] = [
  ['dir', () => `dir:${temp.join('directory')}`],
  ['git', () => `git+file://${temp.join('data.git')}#data`],
  ...(restic18() === undefined ? [] : ([['restic', () => temp.join('restic')]] as const)),
];
const OLD = { 'app.db': 'damaged' };
const CHECK = ['--require', 'good', '--timeout', '0'];

async function store(repository: string, files: Record<string, string | Buffer>): Promise<void> {
  const source = temp.join('source');
  await mkdir(`${source}/d`, { recursive: true });
  for (const [name, content] of Object.entries({ good: '', ...files })) {
    await writeFile(`${source}/${name}`, content);
  }
  await succeed(['backup', 'now'], { volume: source, repository, flags: ['--init'] });
}

/** What there was is there, and nothing else. */
async function expectUntouched(): Promise<void> {
  expect(await readTree(volume())).toEqual(OLD);
}

describe.skipIf(!canMount)(`a repository without room (restic is left out when ${NO_RESTIC})`, () => {
  const repositories = () => temp.join('repositories');
  afterEach(() => {
    spawnSync('umount', [repositories()]);
  });

  const places: readonly (readonly [string, () => string])[] = [
    ['dir', () => `dir:${repositories()}/directory`],
    ['git', () => `git+file://${repositories()}/data.git#data`],
    ...(restic18() === undefined ? [] : ([['restic', () => `${repositories()}/restic`]] as const)),
  ];

  it.each(places)(
    'of %s is named, and not the volume, and what was stored before stays',
    async (_, place) => {
      await mkdir(repositories());
      const options = ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', repositories()];
      expect(spawnSync('mount', options).status).toBe(0);
      await writeTree(volume(), { small: 'x' });
      const command = { volume: volume(), repository: place() };
      await succeed(['backup', 'now'], { ...command, flags: ['--init'] });
      await writeFile(`${volume()}/large`, randomBytes(12_000_000));
      const { code, stderr } = await run(['backup', 'now'], command);
      expect([code, stderr]).toEqual([1, expect.stringContaining('"code":"repository_full"')]);
      expect(stderr).toContain('make room where the repository is');
      expect(stderr).not.toMatch(/quarantine|larger/);
      await succeed(['backup', 'drill'], command);
    },
  );

  it('is told from a work directory without room', async () => {
    await mkdir(repositories());
    const options = ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', repositories()];
    expect(spawnSync('mount', options).status).toBe(0);
    await writeFile(`${volume()}/large`, randomBytes(12_000_000));
    const repository = `git+file://${temp.join('data.git')}#data`;
    const flags = ['--init', '--work-dir', repositories()];
    const { code, stderr } = await run(['backup', 'now'], { volume: volume(), repository, flags });
    expect([code, stderr]).toEqual([1, expect.stringContaining('name another with --work-dir')]);
  });
});

describe.skipIf(!canMount)(`a volume (restic is left out when ${NO_RESTIC})`, () => {
  describe.each(ENGINES)('restored by %s', (_, place) => {
    it('that is too small is told so, and left as it is', async () => {
      await store(place(), { large: randomBytes(15_000_000) });
      expect(mount('size=14m')).toBe(true);
      await writeTree(volume(), OLD);
      const { code, stderr } = await run(['restore'], {
        volume: volume(),
        repository: place(),
        flags: CHECK,
      });
      expect([code, stderr]).toEqual([1, expect.stringContaining('no_space')]);
      await expectUntouched();
    });

    it('that has too few inodes is told so, and left as it is', async () => {
      const many = Object.fromEntries(Array.from({ length: 300 }, (__, index) => [`d/${index}`, `${index}`]));
      await store(place(), many);
      expect(mount('size=64m,nr_inodes=200')).toBe(true);
      await writeTree(volume(), OLD);
      const { code, stderr } = await run(['restore'], {
        volume: volume(),
        repository: place(),
        flags: CHECK,
      });
      expect([code, stderr]).toEqual([1, expect.stringContaining('no_space')]);
      await expectUntouched();
    });
  });

  it('that has got room is restored by the next start', async () => {
    const [, place] = ENGINES[0] ?? ['', () => ''];
    await store(place(), { large: randomBytes(5_000_000) });
    expect(mount('size=8m')).toBe(true);
    await writeTree(volume(), OLD);
    const command = { volume: volume(), repository: place(), flags: CHECK };
    expect((await run(['restore'], command)).code).toBe(1);
    spawnSync('mount', ['-o', 'remount,size=64m', volume()]);
    await succeed(['restore'], command);
    expect((await readFile(`${volume()}/large`)).length).toBe(5_000_000);
  });

  it('that cannot be written to is told so, and never passed as good', async () => {
    const [, place] = ENGINES[0] ?? ['', () => ''];
    await store(place(), {});
    expect(mount('size=8m')).toBe(true);
    spawnSync('mount', ['-o', 'remount,ro', volume()]);
    const command = { volume: volume(), repository: place(), flags: ['--timeout', '0'] };
    const { code, stderr } = await run(['restore'], command);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/read-only|EROFS/)]);
  });

  describe('that is filled by somebody else while a snapshot is put in place', () => {
    const signal = new AbortController().signal;
    const fill = (file: string) =>
      spawnSync('dd', ['if=/dev/zero', `of=${volume()}/.pillion/${file}`, 'bs=4k'], { stdio: 'ignore' });

    async function commitWith(onStep: (step: string) => void): Promise<string> {
      expect(mount('size=4m')).toBe(true);
      await writeTree(volume(), OLD);
      const stage = await beginStage(volume(), { id: 'a', time: 1 });
      await writeTree(`${stage.target}/root`, { good: 'new', 'd/e': 'new' });
      const tree = { root: `${stage.target}/root`, manifest: undefined };
      const options = { signal, name: 'x', now: 1, keepQuarantines: 3, onStep };
      const said = await commit(stage, tree, options).then(
        () => 'committed',
        (error: unknown) => String(error),
      );
      // Nothing that is held open can be unmounted.
      await stage.close();
      return said;
    }

    it.each(['prepared', 'quarantine', 'next marker'])(
      'before the journal (%s) stays as it was',
      async (at) => {
        const said = await commitWith((step) => void (step === at && fill('filler')));
        expect(said).toMatch(/no space/i);
        await expectUntouched();
        await rm(`${volume()}/.pillion/filler`);
        expect(await recover(volume())).toMatchObject({ kind: 'staging' });
      },
    );

    it.each(['journal', 'cleared app.db', 'cleared', 'filled d', 'marker'])(
      'after it (%s) is filled to its end',
      async (at) => {
        const said = await commitWith((step) => void (step === at && fill('filler')));
        expect(said).toBe('committed');
        expect(await readTree(volume())).toEqual({ good: 'new', 'd/e': 'new' });
        expect(await readdir(`${volume()}/.pillion`)).toContain('marker.json');
      },
    );
  });
});
