import { existsSync } from 'node:fs';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { beginStage } from '../../../src/backup/commit/stage.ts';
import { readTree, run, start, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';

const dir = useTempDir();
const OLD = { 'app.db': 'the first content', 'sub/b': 'b' };
const NEW = { 'app.db': 'the second content', 'sub/b': 'b', 'sub/c': 'c' };
/** A repository with two snapshots is made once. */
const made = { scratch: '', newPacks: [] as string[], newest: '' };

const files = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

async function makeRepository(): Promise<string> {
  const repository = dir.join('repository');
  await cp(path.join(made.scratch, 'repository'), repository, { recursive: true });
  return repository;
}

async function emptyVolume(): Promise<string> {
  await mkdir(dir.join('volume'));
  return dir.join('volume');
}

describe.skipIf(restic18() === undefined)(`pillion restore with restic (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    made.scratch = await makeTempDir();
    const volume = path.join(made.scratch, 'volume');
    const repository = path.join(made.scratch, 'repository');
    await writeTree(volume, OLD);
    await chmod(path.join(volume, 'app.db'), 0o640);
    await utimes(path.join(volume, 'app.db'), 1000, 1000);
    await chmod(volume, 0o750);
    await succeed(['backup', 'now'], { volume, repository, flags: ['--init'] });
    const before = new Set(await files(path.join(repository, 'data')));
    await writeTree(volume, NEW);
    const { snapshot } = JSON.parse(await succeed(['backup', 'now'], { volume, repository }));
    made.newest = snapshot;
    made.newPacks = (await files(path.join(repository, 'data')))
      .filter((file) => !before.has(file))
      .map((file) => path.relative(repository, file));
  });
  afterAll(() => removeTempDir(made.scratch));

  it('fills an empty volume, root included; the next start asks nobody', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    await mkdir(path.join(volume, 'lost+found'));
    const plan = await run(['restore', '--plan'], { volume, repository });
    expect(plan.code).toBe(10);
    expect(JSON.parse(plan.stdout)).toMatchObject({
      volume: { state: 'EMPTY' },
      repository: { state: 'HAS', snapshots: 2 },
      decision: { action: 'restore' },
    });
    expect(await readdir(volume)).toEqual(['lost+found']);
    await succeed(['restore'], { volume, repository });
    expect(await readTree(volume)).toEqual(NEW);
    expect((await lstat(path.join(volume, 'sub'))).isDirectory()).toBe(true);
    expect((await stat(volume)).mode & 0o7777).toBe(0o750);
    await rm(repository, { recursive: true });
    await succeed(['restore'], { volume, repository });
    const later = await run(['restore', '--plan'], { volume, repository });
    expect([later.code, JSON.parse(later.stdout).repository]).toEqual([0, { state: 'not asked' }]);
  });

  it('restores the snapshot that is asked for, with modes and times', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    const listed = JSON.parse(
      await succeed(['backup', 'snapshots', '--output', 'json'], { volume, repository }),
    );
    const flags = ['--snapshot', listed[1].id.slice(0, 10)];
    await succeed(['restore'], { volume, repository, flags });
    expect(await readTree(volume)).toEqual(OLD);
    const status = await stat(path.join(volume, 'app.db'));
    expect([status.mode & 0o7777, status.mtimeMs]).toEqual([0o640, 1_000_000]);
  });

  it('starts by itself when the repository is back', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    await rename(repository, `${repository}-away`);
    const flags = ['--timeout', '60s', '--retry-wait', '300ms', '--http-bind', '127.0.0.1:0'];
    const running = await start(['restore'], { volume, repository, flags });
    onTestFinished(async () => void (await running.stop()));
    const { port } = JSON.parse(await running.waitForLog('"listening"'));
    await running.waitForLog('the repository cannot be asked (absent)');
    const get = async (at: string) => (await fetch(`http://127.0.0.1:${port}${at}`)).text();
    expect(JSON.parse(await get('/status'))).toMatchObject({
      volume: { state: 'EMPTY' },
      waitingFor: expect.stringContaining(repository),
      decision: null,
    });
    expect(await get('/metrics')).toMatch(
      /repository_unknown_total\{reason="absent"\} [1-9][^]*pillion_restore_waiting 1/,
    );
    expect(await get('/readyz')).toContain('the restore has not ended');
    expect(await readTree(volume)).toEqual({});
    await rename(`${repository}-away`, repository);
    expect((await running.exit).code).toBe(0);
    expect(await readTree(volume)).toEqual(NEW);
  });

  it('starts empty only when that is allowed and there surely is nothing', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    const command = { volume, repository, name: 'another', flags: ['--timeout', '0'] };
    const plan = await run(['restore', '--plan'], command);
    expect([plan.code, JSON.parse(plan.stdout).decision]).toEqual([
      1,
      { action: 'refuse', why: expect.anything(), mayChange: false, hint: expect.stringContaining('--name') },
    ]);
    const refused = await run(['restore'], command);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('its repository has no snapshot'),
    ]);
    await succeed(['restore'], { ...command, flags: [...command.flags, '--on-missing', 'allow'] });
    expect(await readTree(volume)).toEqual({});
  });

  it('sets a corrupt volume aside and restores it, after a repair that did not help', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    await writeTree(volume, { 'app.db': 'garbage', extra: 'of the application' });
    const flags = [
      '--check',
      'grep -q content app.db',
      '--require',
      'sub/c',
      '--repair',
      `sh -c 'echo repaired > repair.log'`,
    ];
    const { code, stderr } = await run(['restore'], { volume, repository, flags });
    expect(code).toBe(0);
    expect(stderr).toContain('the repair did not help');
    expect(await readTree(volume)).toEqual(NEW);
    const [quarantine = ''] = await readdir(path.join(volume, '.pillion/quarantine'));
    expect(await readTree(path.join(volume, '.pillion/quarantine', quarantine))).toEqual({
      'app.db': 'garbage',
      extra: 'of the application',
      'repair.log': 'repaired\n',
    });
  });

  it('leaves a good volume as it is when a mistyped check is mended', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    const live = { 'app.db': 'newer than every snapshot' };
    await writeTree(volume, live);
    const mistyped = await run(['restore'], { volume, repository, flags: ['--require', 'ap.db'] });
    expect([mistyped.code, mistyped.stderr]).toEqual([1, expect.stringContaining('ap.db is missing')]);
    expect(await readTree(volume)).toEqual(live);
    // And when it was killed, or there was no room, before it came to an end.
    await beginStage(volume, { id: made.newest, time: 0 });
    const { code, stderr } = await run(['restore'], { volume, repository, flags: ['--require', 'app.db'] });
    expect([code, stderr]).toEqual([0, expect.stringContaining('a restore that was begun is given up')]);
    expect(await readTree(volume)).toEqual(live);
    await succeed(['backup', 'now'], { volume, repository, flags: ['--allow-shrink'] });
  });

  it.each([
    ['an empty volume', {}],
    ['a volume that is newer than every snapshot', { 'app.db': 'newer', extra: 'x' }],
  ])('leaves %s exactly as it is when no snapshot can pass a mistyped check', async (_, live) => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    await writeTree(volume, live);
    await chmod(volume, 0o711);
    const flags = ['--check', 'grep -q conntent app.db'];
    const { code, stderr } = await run(['restore'], { volume, repository, flags });
    expect(code).toBe(1);
    for (const said of ['none of 2 snapshots', made.newest, 'check grep: exit code 1', 'mended']) {
      expect(stderr).toContain(said);
    }
    expect(await readTree(volume)).toEqual(live);
    expect((await stat(volume)).mode & 0o7777).toBe(0o711);
    expect(await readdir(path.join(volume, '.pillion'))).toEqual(['rejected.json']);
    // The same start again asks for nothing that it knows, and says the same.
    const again = await run(['restore'], { volume, repository, flags });
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('check grep: exit code 1')]);
    expect(again.stderr).not.toContain('"restoring"');
    await succeed(['restore'], { volume, repository, flags: ['--check', 'grep -q e app.db'] });
    expect(await readTree(volume)).toEqual('extra' in live ? live : NEW);
  });

  it('takes back what is in place when a check comes to no answer, or the restore is ended meanwhile', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    await writeTree(volume, { 'app.db': 'garbage' });
    const onNew = (then: string) => ['--check', `sh -c 'grep -q garbage app.db && exit 1; ${then}'`];
    const broken = await run(['restore'], { volume, repository, flags: onNew('exit 127') });
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('cannot be judged')]);
    expect(await readTree(volume)).toEqual({ 'app.db': 'garbage' });
    const running = await start(['restore'], {
      volume,
      repository,
      flags: onNew('touch ../asked; sleep 100'),
    });
    onTestFinished(async () => void (await running.stop()));
    await waitFor(() => existsSync(dir.join('asked')) || undefined, { what: 'the check' });
    expect((await readTree(volume))['app.db']).toBe(NEW['app.db']);
    running.signal('SIGTERM');
    expect((await running.exit).code).not.toBe(0);
    expect(await readTree(volume)).toEqual({ 'app.db': 'garbage' });
    // Killed, it is judged by the next start.
    await rm(dir.join('asked'));
    const killed = await start(['restore'], {
      volume,
      repository,
      flags: onNew('touch ../asked; sleep 100'),
    });
    onTestFinished(async () => void (await killed.stop()));
    await waitFor(() => existsSync(dir.join('asked')) || undefined, { what: 'the check' });
    killed.signal('SIGKILL');
    await killed.exit;
    const refused = await run(['restore'], {
      volume,
      repository,
      flags: ['--check', 'grep -q nothing app.db'],
    });
    expect([refused.code, await readTree(volume)]).toEqual([1, { 'app.db': 'garbage' }]);
  });

  it('writes a stage from the beginning that an earlier start has left with more in it', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    const stage = await beginStage(volume, { id: made.newest, time: 0 });
    await writeTree(path.join(stage.target, made.scratch, 'volume'), { 'app.db-shm': 'of a check' });
    await succeed(['restore'], { volume, repository });
    expect(await readTree(volume)).toEqual(NEW);
  });

  it('goes on with a restore that was begun while the volume does not pass', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    await writeTree(volume, { 'app.db': 'garbage' });
    await beginStage(volume, { id: made.newest, time: 0 });
    await succeed(['restore'], { volume, repository, flags: ['--require', 'sub/c'] });
    expect(await readTree(volume)).toEqual(NEW);
  });

  it('finds what a disk has spoilt by a sample of the snapshot, and leaves alone what was changed', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    const flags = ['--check-sample', '10'];
    const spoil = async (content: string) => {
      const file = path.join(volume, 'sub/c');
      const { atimeMs, mtimeMs } = await stat(file);
      await writeFile(file, content);
      await utimes(file, atimeMs / 1000, mtimeMs / 1000);
    };
    await succeed(['restore'], { volume, repository });
    await writeTree(volume, { 'sub/b': 'B' });
    await succeed(['restore'], { volume, repository: dir.join('nowhere'), flags });
    await spoil('C');
    const restored = await run(['restore'], { volume, repository, flags });
    expect([restored.code, restored.stderr]).toEqual([
      0,
      expect.stringContaining('sub/c has other content than in the last snapshot'),
    ]);
    expect(await readTree(volume)).toEqual(NEW);
    // A backup renews it, also of what was changed just before.
    await writeTree(volume, { 'sub/c': 'changed' });
    await succeed(['backup', 'now'], { volume, repository });
    await writeFile(path.join(volume, 'app.db'), 'another one');
    await succeed(['restore'], { volume, repository: dir.join('nowhere'), flags });
    await spoil('chAnged');
    const plan = await run(['restore', '--plan'], { volume, repository, flags });
    expect([plan.code, plan.stdout]).toEqual([10, expect.stringContaining('sub/c has other content')]);
  });

  it('leaves a corrupt volume alone that a repair has mended', async () => {
    const volume = await emptyVolume();
    await writeTree(volume, { 'app.db': 'garbage' });
    const flags = [
      '--check',
      'grep -q content app.db',
      '--timeout',
      '0',
      '--repair',
      `sh -c 'echo other content > app.db'`,
    ];
    await succeed(['restore'], { volume, repository: dir.join('nowhere'), flags });
    expect(await readTree(volume)).toEqual({ 'app.db': 'other content\n' });
  });

  it('refuses when a check cannot be run, and changes nothing', async () => {
    const volume = await emptyVolume();
    await writeTree(volume, { 'app.db': 'whatever' });
    const flags = ['--check', 'no-such-program app.db'];
    const { code, stderr } = await run(['restore'], { volume, repository: await makeRepository(), flags });
    expect([code, stderr]).toEqual([1, expect.stringContaining('no-such-program')]);
    expect(await readTree(volume)).toEqual({ 'app.db': 'whatever' });
  });

  it('goes back to the older snapshot when the newest is damaged, and says so', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    for (const pack of made.newPacks) {
      await chmod(path.join(repository, pack), 0o600);
      await truncate(path.join(repository, pack), 20);
    }
    const { code, stderr } = await run(['restore'], { volume, repository });
    expect(code).toBe(0);
    expect(stderr).toContain('a snapshot is given up, and an older one is used');
    expect(stderr).toContain(made.newest);
    expect(await readTree(volume)).toEqual(OLD);
  });

  it('passes over a snapshot that was corrupt when it was made', async () => {
    const volume = await emptyVolume();
    const flags = ['--check', 'grep -q first app.db'];
    const { code, stderr } = await run(['restore'], { volume, repository: await makeRepository(), flags });
    expect([code, stderr]).toEqual([0, expect.stringContaining('is refused by the checks')]);
    expect(await readTree(volume)).toEqual(OLD);
  });

  it('runs what comes after once for each version, in order, and not after a failure', async () => {
    const volume = await emptyVolume();
    const repository = await makeRepository();
    const flags = [
      '--after',
      `sh -c 'echo one $PILLION_ORIGIN >> ../after.log'`,
      '--after',
      `sh -c 'echo two >> ../after.log; test -e ../allowed'`,
      '--after',
      `sh -c 'echo three >> ../after.log'`,
    ];
    const restore = (version: string) =>
      run(['restore'], { volume, repository, flags: [...flags, '--after-version', version] });
    expect((await restore('1')).code).toBe(1);
    await writeFile(dir.join('allowed'), '');
    expect((await restore('1')).code).toBe(0);
    expect((await restore('1')).code).toBe(0);
    expect((await restore('2')).code).toBe(0);
    const log = await readTree(dir.path);
    expect(log['after.log']?.trim().split('\n')).toEqual([
      'one restored',
      'two',
      'two',
      'three',
      'one restored',
      'two',
      'three',
    ]);
  });
});
