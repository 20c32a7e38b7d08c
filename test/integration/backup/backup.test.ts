import { chmod, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PASSWORD, readTree, run, start, succeed, writeTree } from '../../support/backup/program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';

// What is the same for every engine is tested with the quickest.
const dir = useTempDir();
const FILES = { 'app.db': 'the content', 'sub/b': 'b', 'sub/c': 'c', 'sub/d': 'd' };

async function scene(files: Readonly<Record<string, string>> = FILES) {
  const volume = dir.join('volume');
  const repository = `dir:${dir.join('repository')}`;
  await mkdir(volume);
  await writeTree(volume, files);
  return { volume, repository };
}

type Command = Awaited<ReturnType<typeof scene>> & { readonly flags?: readonly string[] };

const now = (command: Command, ...flags: readonly string[]) => run(['backup', 'now'], { ...command, flags });

async function snapshots(
  command: Command,
): Promise<readonly { readonly id: string; readonly files: number }[]> {
  return JSON.parse(await succeed(['backup', 'snapshots', '--output', 'json'], command));
}

async function startServing(command: Command, ...flags: readonly string[]) {
  const running = await start(['backup'], { ...command, flags: ['--http-bind', '127.0.0.1:0', ...flags] });
  onTestFinished(async () => void (await running.stop()));
  const line = JSON.parse(await running.waitForLog('"listening"'));
  return { running, url: `http://127.0.0.1:${line.port}` };
}

describe('a backup', () => {
  it('is made, read back, and found again by every sub-command', async () => {
    const command = await scene();
    const made = JSON.parse(await succeed(['backup', 'now'], { ...command, flags: ['--init'] }));
    expect(made).toMatchObject({ files: 4, bytes: 14, changing: 0, removed: 0 });
    expect(await snapshots(command)).toEqual([expect.objectContaining({ id: made.snapshot, files: 4 })]);
    expect(await succeed(['backup', 'ls'], command)).toContain('sub/b\n');
    expect(await succeed(['backup', 'cat', 'app.db'], command)).toBe('the content');
    expect(await succeed(['backup', 'verify'], command)).toBe('ok\n');
    expect(JSON.parse(await succeed(['backup', 'drill'], command))).toMatchObject({ files: 4 });
  });

  it('is refused without --init where there is no repository, and makes none', async () => {
    const command = await scene();
    const { code, stderr } = await now(command);
    expect([code, stderr]).toEqual([1, expect.stringContaining('"code":"repository_unknown"')]);
    expect(await readdir(dir.path)).toEqual(['volume']);
  });

  it.each([
    [
      'an empty volume',
      async (volume: string) => rm(volume, { recursive: true }).then(() => mkdir(volume)),
      'is empty',
    ],
    [
      'a volume that has lost most of its files',
      async (volume: string) => rm(path.join(volume, 'sub'), { recursive: true }),
      '1 files, and had 4',
    ],
    [
      'a volume that has lost most of its bytes',
      (volume: string) => writeFile(path.join(volume, 'app.db'), ''),
      '3 bytes, and had 14',
    ],
    [
      'a volume that no restore has looked at',
      (volume: string) => rm(path.join(volume, '.pillion'), { recursive: true }),
      'never looked at',
    ],
  ])('is refused for %s, and the good one stays', async (_, change, why) => {
    const command = await scene();
    await now(command, '--init');
    await change(command.volume);
    const { code, stderr } = await now(command);
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
    expect(stderr).toContain('"code":"backup_refused"');
    expect(await snapshots(command)).toHaveLength(1);
  });

  it('is made of a shrunken volume when that is allowed', async () => {
    const command = await scene();
    await now(command, '--init');
    await rm(path.join(command.volume, 'sub'), { recursive: true });
    expect((await now(command, '--allow-shrink')).code).toBe(0);
    expect(await snapshots(command)).toHaveLength(2);
  });

  it('keeps what the rules say, and only after the new one was read back', async () => {
    const command = await scene();
    await now(command, '--init');
    for (const content of ['x', 'y', 'z']) {
      await writeFile(path.join(command.volume, 'app.db'), `content ${content}`);
      expect((await now(command, '--keep-last', '2')).code).toBe(0);
    }
    expect(await snapshots(command)).toHaveLength(2);
    expect(await succeed(['backup', 'cat', 'app.db'], command)).toBe('content z');
  });

  it('leaves out what is excluded', async () => {
    const command = await scene({ ...FILES, 'debug.log': 'x', 'sub/debug.log': 'x', 'cache/deep/x': 'x' });
    const made = await now(command, '--init', '--exclude', '*.log', '--exclude', '/cache');
    expect(JSON.parse(made.stdout)).toMatchObject({ files: 4 });
  });
});

describe('the hooks of a backup', () => {
  const hooks = [
    '--pre',
    `sh -c 'echo pre >> ../hooks'`,
    '--post',
    `sh -c 'echo post $PILLION_BACKUP_RESULT >> ../hooks'`,
  ];
  const said = () => readFile(dir.join('hooks'), 'utf8');

  it('run before and after, and see nothing of the keys', async () => {
    const command = await scene();
    const dump = `sh -c 'env > ../environment; echo dump > dump.sql'`;
    expect((await now(command, '--init', ...hooks, '--pre', dump)).code).toBe(0);
    expect(await said()).toBe('pre\npost success\n');
    expect(await succeed(['backup', 'cat', 'dump.sql'], command)).toBe('dump\n');
    expect(await readFile(dir.join('environment'), 'utf8')).not.toContain(PASSWORD);
  });

  it.each([
    ['the pre hook fails', ['--pre', 'false']],
    ['the volume has lost too much', ['--pre', `sh -c 'rm -r sub'`]],
  ])('run afterwards when %s, and nothing is stored', async (_, flags) => {
    const command = await scene();
    await now(command, '--init');
    expect((await now(command, ...hooks, ...flags)).code).toBe(1);
    expect(await said()).toBe('pre\npost failure\n');
    expect(await snapshots(command)).toHaveLength(1);
  });

  it('run afterwards when the backup is stopped in the middle', async () => {
    const command = await scene();
    const running = await start(['backup', 'now'], {
      ...command,
      flags: ['--init', ...hooks, '--pre', `sh -c 'echo waiting >&2; exec sleep 60'`],
    });
    await waitFor(async () => (await said().catch(() => '')) !== '' || undefined, { what: 'the pre hook' });
    running.signal('SIGTERM');
    await running.exit;
    expect(await said()).toBe('pre\npost failure\n');
    await running.stop();
  });

  it('make a failure of a backup when the post hook fails', async () => {
    const command = await scene();
    const { code, stderr } = await now(command, '--init', '--post', 'false');
    expect([code, stderr]).toEqual([1, expect.stringContaining('--post false: exit code 1')]);
  });
});

describe('files that change while they are read', () => {
  it('are read again, then marked, and the rest is compared as ever', async () => {
    const command = await scene();
    const writer = `while :; do date +%s%N > app.db; sleep 0.005; done`;
    const busy = `sh -c '(${writer}) >/dev/null 2>&1 & echo $! > ../writer; sleep 0.1'`;
    const stop = `sh -c 'kill $(cat ../writer)'`;
    const flags = ['--init', '--pre', `setsid ${busy}`, '--post', stop];
    const { code, stdout, stderr } = await now(command, ...flags);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    expect(JSON.parse(stdout)).toMatchObject({ files: 4, changing: 1 });
    await mkdir(dir.join('restored'));
    await succeed(['restore'], { ...command, volume: dir.join('restored') });
    expect(Object.keys(await readTree(dir.join('restored')))).toEqual(['app.db', 'sub/b', 'sub/c', 'sub/d']);
  });
});

describe('the sidecar', () => {
  it('backs up by its schedule, and tells what it did', async () => {
    const command = await scene();
    const { running, url } = await startServing(
      command,
      '--init',
      '--schedule',
      '@every 1s',
      '--max-age',
      '1h',
    );
    await running.waitForLog('backed up, and read back');
    const status = (await (await fetch(`${url}/status`)).json()) as Record<string, unknown>;
    expect(status).toMatchObject({
      command: 'backup',
      lastError: null,
      lastSnapshot: { files: 4 },
      jobs: [{ job: 'backup', schedule: '@every 1s' }],
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/pillion_backup_runs_total\{result="success"\} [1-9]/);
    expect(metrics).toMatch(/pillion_backup_last_success_timestamp_seconds 1\d{9}/);
    expect(metrics).toMatch(/pillion_backup_files 4/);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    running.signal('SIGTERM');
    await running.exit;
  });

  it('is not ready when the last backup is too old, and counts refusals', async () => {
    const command = await scene();
    await now(command, '--init');
    await rm(path.join(command.volume, 'sub'), { recursive: true });
    const { running, url } = await startServing(command, '--schedule', '@every 1s', '--max-age', '1ms');
    await running.waitForLog('there is no new backup');
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      503,
      expect.stringContaining('the last successful backup is'),
    ]);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/runs_total\{result="refused"\} [1-9]/);
  });

  it('backs up once more at the end', async () => {
    const command = await scene();
    await now(command, '--init');
    const { running } = await startServing(command, '--on-stop');
    await running.waitForLog('the repository has snapshots');
    await writeFile(path.join(command.volume, 'app.db'), 'the last word');
    running.signal('SIGTERM');
    expect((await running.exit).code ?? 0).toBe(0);
    expect(await succeed(['backup', 'cat', 'app.db'], command)).toBe('the last word');
  });

  it('backs up on demand, for who has the token', async () => {
    const command = await scene();
    await writeFile(dir.join('token'), 'a-token-that-is-long-enough\n');
    const { url } = await startServing(command, '--init', '--trigger-token-file', dir.join('token'));
    const ask = (token: string) =>
      fetch(`${url}/backup`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    expect((await ask('another-token-that-is-long')).status).toBe(401);
    expect((await fetch(`${url}/backup`, { method: 'POST' })).status).toBe(401);
    const answer = await ask('a-token-that-is-long-enough');
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ lastError: null })]);
    expect(await snapshots(command)).toHaveLength(1);
  });

  it('refuses a token that is too short when it starts', async () => {
    const command = await scene();
    await writeFile(dir.join('token'), 'Xshort\n');
    const flags = ['--schedule', '@daily', '--http-bind', '127.0.0.1:0', '--trigger-token-file'];
    const { code, stderr } = await run(['backup'], { ...command, flags: [...flags, dir.join('token')] });
    expect([code, stderr]).toEqual([1, expect.stringContaining('fewer than 16 characters')]);
    expect(stderr).not.toContain('Xshort');
  });

  it('drills and verifies on schedule, and finds bit rot', async () => {
    const command = await scene();
    await now(command, '--init');
    const schedules = [
      '--verify-schedule',
      '@every 1s',
      '--drill-schedule',
      '@every 1s',
      '--verify-percent',
      '100',
    ];
    const { running, url } = await startServing(command, '--schedule', '@yearly', ...schedules);
    await running.waitForLog('the drill has restored a snapshot');
    await waitFor(
      async () => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return /last_verify_success_timestamp_seconds 1\d{9}/.test(metrics) || undefined;
      },
      { what: 'a check of the repository' },
    );
    for (const file of await readdir(dir.join('repository'), { recursive: true, withFileTypes: true })) {
      const target = path.join(file.parentPath, file.name);
      if (file.isFile() && (await readFile(target, 'utf8')).includes('the content')) {
        await chmod(target, 0o600);
        await writeFile(target, 'the c0ntent');
        await utimes(target, 0, 0);
      }
    }
    await running.waitForLog('the repository is damaged');
    await running.waitForLog(
      /"job":"drill".*(?:failed|differences|not what)|(?:failed|differences|not what).*"job":"drill"/,
    );
  });

  it.each([
    [['--schedule', 'nightly'], '--schedule "nightly"'],
    [['--run-at', '25:00'], 'is not a time of day'],
    [['--schedule', '@daily', '--run-at', '02:30'], 'are both set'],
    [[], 'nothing says when to back up'],
    [['--schedule', '@daily', '--tz', 'Mars/Olympus'], 'unknown time zone'],
    [['--schedule', '@daily', '--pre', `sh -c 'x`], "--pre: ' is not closed"],
    [['--trigger-token-file', '/token'], 'is of no use without --http-bind'],
    [['snapshot'], 'did you mean snapshots?'],
  ])('is told at the start what is wrong with %j', async (flags, message) => {
    const command = await scene();
    const { code, stderr } = await run(['backup'], { ...command, flags });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
