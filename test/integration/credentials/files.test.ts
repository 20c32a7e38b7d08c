/** Files on a shared volume: whole at every moment, with the right owner and mode, whatever happens around them. */
import { spawnSync } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pgbouncerFormat } from '../../../src/credentials/outputs/formats.ts';
import { publish, tidy } from '../../../src/credentials/outputs/publish.ts';
import { passwordLimit } from '../../../src/credentials/reload/versions.ts';
import { useProgramsForOthers } from '../../support/for-others.ts';
import { runPillion } from '../../support/pillion.ts';
import { tryProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startCredentials } from './support/credentials.ts';

const temp = useTempDir();
const programs = useProgramsForOthers();
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

/** A program that prints another token each time. */
async function tokenProgram(): Promise<string> {
  const program = temp.join('token');
  await writeFile(
    program,
    '#!/bin/sh\necho "{\\"username\\":\\"app\\",\\"token\\":\\"t-$(date +%s%N)\\",\\"expiresIn\\":900}"\n',
  );
  await chmod(program, 0o755);
  return program;
}

async function oneTime(...outputs: string[]): ReturnType<typeof runPillion> {
  const flags = outputs.flatMap((output) => ['--output', output]);
  const program = await tokenProgram();
  return runPillion(
    ['credentials', '--one-time', '--retry-for', '0s', '--provider', 'exec', ...flags, '--', program],
    {},
  );
}

describe('an output', () => {
  it('is made for its owner only, whatever the umask, and keeps the owner and group of a former file', async () => {
    const file = temp.join('users.txt');
    expect((await oneTime(`pgbouncer=${file}`)).code).toBe(0);
    expect((await stat(file)).mode & 0o7777).toBe(0o600);
    if (isRoot) {
      await chown(file, 1234, 4321);
      expect((await oneTime(`pgbouncer=${file},mode=0640`)).code).toBe(0);
      const { uid, gid, mode } = await stat(file);
      expect([uid, gid, mode & 0o7777]).toEqual([1234, 4321, 0o640]);
    }
  });

  it('that holds the credential already is not written, and the reload is not repeated', async () => {
    const secret = temp.join('secret');
    await writeFile(secret, 'same\n');
    const file = temp.join('raw');
    const reloads = temp.join('reloads');
    const running = await startCredentials(
      JSON.stringify({
        credentials: [
          {
            provider: 'file',
            path: secret,
            user: 'app',
            outputs: [`raw=${file}`],
            reload: [{ type: 'command', command: ['sh', '-c', `echo x >> ${reloads}`] }],
            'min-interval': '100ms',
          },
        ],
      }),
    );
    await waitFor(() => running.said('credential delivered').length === 1, { what: 'the delivery' });
    const { ino } = await stat(file);
    await utimes(secret, new Date(), new Date());
    await waitFor(() => running.said('the source repeats its credential').length > 0, {
      what: 'another reading',
    });
    await writeFile(secret, 'other\r\n');
    await waitFor(async () => (await readFile(file, 'utf8')) === 'other', { what: 'the new content' });
    expect((await stat(file)).ino).not.toBe(ino);
    await waitFor(async () => (await readFile(reloads, 'utf8')) === 'x\nx\n', { what: 'the second reload' });
  });

  it('in a directory that cannot be written to is an error that says what to do, and the old file stays', async () => {
    await mkdir(temp.join('ro'));
    const file = temp.join('ro', 'users.txt');
    await writeFile(file, '"a" "b"\n');
    const program = await tokenProgram();
    const flags = ['--one-time', '--retry-for', '0s', '--provider', 'exec', '--output', `pgbouncer=${file}`];
    const { node, pillion } = await programs();
    const command = `mount --bind -o ro ${temp.join('ro')} ${temp.join('ro')} 2>/dev/null || mount --bind ${temp.join('ro')} ${temp.join('ro')} && mount -o remount,ro,bind ${temp.join('ro')}`;
    const result = await tryProgram('unshare', [
      ...(isRoot ? ['-m'] : ['-rm']),
      'sh',
      '-c',
      `${command}; exec ${node} ${pillion} credentials ${flags.join(' ')} -- ${program}`,
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/EROFS.*mount a writable volume there/);
    expect(await readFile(file, 'utf8')).toBe('"a" "b"\n');
  });

  it('that is mounted by itself (subPath) is an error that says so', async () => {
    await mkdir(temp.join('volume'));
    const [inside, file] = [temp.join('volume', 'users.txt'), temp.join('users.txt')];
    await writeFile(inside, '');
    await writeFile(file, '');
    const program = await tokenProgram();
    const flags = ['--one-time', '--retry-for', '0s', '--provider', 'exec', '--output', `pgbouncer=${file}`];
    const { node, pillion } = await programs();
    const result = await tryProgram('unshare', [
      ...(isRoot ? ['-m'] : ['-rm']),
      'sh',
      '-c',
      `mount --bind ${inside} ${file} && exec ${node} ${pillion} credentials ${flags.join(' ')} -- ${program}`,
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/"code":"output_is_mount".*without subPath/);
    expect(await readdir(temp.path)).not.toContainEqual(expect.stringMatching(/\.tmp$/));
  });

  it.runIf(isRoot)('that would lose the group of its readers is kept as it is', async () => {
    await mkdir(temp.join('shared'));
    await chmod(temp.path, 0o755);
    await chmod(temp.join('shared'), 0o777);
    const file = temp.join('shared', 'users.txt');
    await writeFile(file, '"a" "b"\n');
    await chmod(file, 0o644);
    await chown(file, 1234, 4321);
    const program = await tokenProgram();
    const { node, pillion } = await programs();
    const run = (mode: string) => {
      const flags = ['--one-time', '--retry-for', '0s', '--provider', 'exec', '--output'];
      const args = ['credentials', ...flags, `pgbouncer=${file},mode=${mode}`, '--', program];
      return spawnSync(node, [pillion, ...args], { uid: NOBODY, gid: NOBODY, encoding: 'utf8', cwd: '/' });
    };
    const refused = run('0640');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/"code":"owner_not_kept".*fsGroup/);
    expect(await readFile(file, 'utf8')).toBe('"a" "b"\n');
    expect(run('0644').status).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^"a" "b"\n"app" "t-\d+"\n$/);
  });

  it('takes the place of a link, a pipe and a socket that somebody planted, and follows none of them', async () => {
    const target = temp.join('target');
    await writeFile(target, 'precious');
    const [link, pipe] = [temp.join('link'), temp.join('pipe')];
    await symlink(target, link);
    spawnSync('mkfifo', [pipe]);
    const { code } = await oneTime(`pgbouncer=${link}`, `raw=${pipe}`);
    expect(code).toBe(0);
    expect(await readFile(target, 'utf8')).toBe('precious');
    expect((await lstat(link)).isFile()).toBe(true);
    expect((await lstat(pipe)).isFile()).toBe(true);
  });

  it('that is a directory, or far too large, is an error, and nothing is touched', async () => {
    await mkdir(temp.join('directory'));
    const large = temp.join('large');
    await writeFile(large, 'x'.repeat(5 * 1024 * 1024));
    for (const file of [temp.join('directory'), large]) {
      const result = await oneTime(`pgbouncer=${file}`);
      expect(result.code).toBe(1);
      expect(result.stderr).toContain('output_not_replaceable');
    }
    expect((await stat(large)).size).toBe(5 * 1024 * 1024);
  });

  it('is all or nothing over several files: what one cannot hold gets into none', async () => {
    const program = temp.join('odd');
    await writeFile(program, `#!/bin/sh\necho '{"username":"app","token":"it'"'"'s"}'\n`);
    await chmod(program, 0o755);
    const [raw, env] = [temp.join('raw'), temp.join('env')];
    const flags = ['--one-time', '--retry-for', '0s', '--provider', 'exec'];
    const outputs = ['--output', `raw=${raw}`, '--output', `env=${env}`];
    const result = await runPillion(['credentials', ...flags, ...outputs, '--', program]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/single quote.*value_not_writable/);
    await expect(stat(raw)).rejects.toThrow('ENOENT');
  });
});

/** 1,000,000 takes about half a minute; the usual run is a tenth of it. */
const READS = Number(process.env['PILLION_CREDENTIALS_READS'] ?? 100_000);

const READER = `
const { openSync, readSync, closeSync, fstatSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const buffer = Buffer.alloc(65536);
let torn = 0;
let wide = 0;
const seen = new Set();
for (let reads = 0; reads < workerData.reads; reads += 1) {
  const fd = openSync(workerData.file, 'r');
  let length = 0;
  // In small pieces, so that a writer has time in between.
  for (let got = -1; got !== 0; length += got) {
    got = readSync(fd, buffer, length, 512, null);
  }
  wide += (fstatSync(fd).mode & 0o7777) === 0o640 ? 0 : 1;
  closeSync(fd);
  const text = buffer.toString('latin1', 0, length);
  const match = /^"admin" "x"\\n"app" "(\\d+)-(\\1-)*end"\\n"z" "last"\\n$/.exec(text);
  torn += match ? 0 : 1;
  seen.add(match?.[1]);
}
parentPort.postMessage({ torn, wide, seen: seen.size });
`;

describe('a file that is read all the time', () => {
  it('is never torn and never open to more than configured', { timeout: 300_000 }, async () => {
    // In memory, as such volumes should be: flushing costs nothing there, and there are many more replacements.
    const directory = await mkdtemp(existsSync('/dev/shm') ? '/dev/shm/pillion-test-' : temp.join('d-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = path.join(directory, 'users.txt');
    const output = {
      format: 'pgbouncer',
      path: file,
      mode: 0o640,
      render: pgbouncerFormat(file, undefined),
      pgbouncerVersion: '',
      include: undefined,
    };
    const endpoint = { host: '', port: 0, database: '' };
    const limit = passwordLimit('1.24.1');
    let counter = 1;
    const write = () => {
      counter += 1;
      const password = `${`${counter}-`.repeat(60 + (counter % 30))}end`;
      const credential = { username: 'app', password, issuedAt: 0, expiresAt: undefined };
      return publish({ output, credential, endpoint, limit });
    };
    await writeFile(file, '"admin" "x"\n"app" "1-end"\n"z" "last"\n');
    await chmod(file, 0o640);
    const modes: number[] = [];
    const watcher = watch(directory, (_event, name) => {
      if (name?.includes('.tmp')) {
        void lstat(path.join(directory, name)).then(
          ({ mode }) => modes.push(mode & 0o7777),
          () => undefined,
        );
      }
    });
    onTestFinished(() => watcher.close());
    const workers = 2;
    const readers = Array.from({ length: workers }, () => {
      const worker = new Worker(READER, { eval: true, workerData: { file, reads: READS / workers } });
      return new Promise<{ torn: number; wide: number; seen: number }>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    });
    const end = new AbortController();
    const done = Promise.all(readers).finally(() => end.abort());
    while (!end.signal.aborted) {
      await write();
    }
    const results = await done;
    expect(results.map(({ torn, wide }) => [torn, wide])).toEqual(results.map(() => [0, 0]));
    expect(Math.min(...results.map(({ seen }) => seen))).toBeGreaterThan(10);
    expect(modes.every((mode) => mode === 0o600 || mode === 0o640)).toBe(true);
    console.log(`${READS} reads during ${counter} replacements, none torn; ${modes.length} modes seen`);
  });

  it('is not disturbed by another credential that tidies up next to it', async () => {
    const file = temp.join('users.txt');
    const output = {
      format: 'pgbouncer',
      path: file,
      mode: 0o600,
      render: pgbouncerFormat(file, undefined),
      pgbouncerVersion: '',
      include: undefined,
    };
    const endpoint = { host: '', port: 0, database: '' };
    const limit = passwordLimit('1.24.1');
    for (let round = 0; round < 100; round += 1) {
      const credential = { username: 'app', password: `t-${round}`, issuedAt: 0, expiresAt: undefined };
      const writing = publish({ output, credential, endpoint, limit });
      const tidying = Array.from({ length: 5 }, () => tidy([output]));
      expect((await writing).isChanged).toBe(true);
      expect((await Promise.all(tidying)).flat()).toEqual([]);
    }
  });

  it.runIf(isRoot)('is written next to a half written one of somebody else, which is told', async () => {
    const directory = temp.join('sticky');
    await mkdir(directory);
    await chmod(directory, 0o1777);
    const planted = path.join(directory, '.raw.pillion-0123456789abcdef.tmp');
    await writeFile(planted, '');
    await chown(planted, 1234, 1234);
    await chmod(temp.path, 0o755);
    const program = await tokenProgram();
    const { node, pillion } = await programs();
    const output = `raw=${path.join(directory, 'raw')}`;
    const flags = ['--one-time', '--retry-for', '0s', '--provider', 'exec', '--output', output];
    const { status, stderr } = spawnSync(node, [pillion, 'credentials', ...flags, '--', program], {
      uid: NOBODY,
      gid: NOBODY,
      encoding: 'utf8',
      cwd: '/',
    });
    expect([status, stderr.match(/a file half written may be left/g)?.length]).toEqual([0, 1]);
    expect((await readdir(directory)).sort()).toEqual([path.basename(planted), 'raw']);
  });

  it('is whole after a kill at any instant, and nothing is left after the next start', async () => {
    const file = temp.join('users.txt');
    await writeFile(file, '"admin" "x"\n');
    const program = await tokenProgram();
    const configuration = JSON.stringify({
      credentials: [
        {
          provider: 'exec',
          command: [program],
          outputs: [`pgbouncer=${file}`],
          'min-interval': '1ms',
          'max-interval': '1ms',
        },
      ],
    });
    for (let round = 0; round < 6; round += 1) {
      const running = await startCredentials(configuration);
      await waitFor(() => running.said('credential delivered').length > round, { what: 'some deliveries' });
      running.signal('SIGKILL');
      await running.exit;
      expect(await readFile(file, 'utf8')).toMatch(/^"admin" "x"\n"app" "t-\d+"\n$/);
    }
    expect((await oneTime(`pgbouncer=${file}`)).code).toBe(0);
    expect((await readdir(temp.path)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});
