/** What holds for every command alike: whatever hangs, SIGTERM ends it, and its probes are answered whatever the crowd. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../src/core/http/client/fixtures/authority.ts';
import { PILLION } from '../support/pillion.ts';
import { expectNoProcess } from '../support/processes.ts';
import { tryProgram } from '../support/run-program.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const temp = useTempDir();

/** What Kubernetes gives a container by default, milliseconds. */
const GRACE_MS = 30_000;
const NEIGHBOURS = 300;

/** The arguments of a command that works without an end; `program` is the one it starts, if it starts one. */
type MakeArguments = (bind: string, program: string) => Promise<readonly string[]>;

const ofVolume = () => [`--volume=${temp.join('volume')}`, `--repository=dir:${temp.join('repository')}`];

const LONG_RUNNING: Readonly<Record<string, MakeArguments>> = {
  'git-sync': async (bind, program) => [
    `--root=${temp.join('root')}`,
    '--repo=file:///nowhere',
    '--max-failures=-1',
    '--period=50ms',
    '-v=9',
    `--http-bind=${bind}`,
    ...(program === '' ? [] : [`--git=${program}`]),
  ],
  cron: async (bind, program) => {
    await writeFile(temp.join('crontab'), `@every 1s ${program === '' ? 'echo said' : program}\n`);
    return [`--http-bind=${bind}`, '--grace=2s', temp.join('crontab')];
  },
  credentials: async (bind, program) => {
    const source = program === '' ? '/bin/false' : program;
    const outputs = [`pgbouncer=${temp.join('users.txt')}`];
    const credentials = [{ user: 'app', provider: 'exec', command: [source], outputs }];
    await writeFile(temp.join('credentials.yaml'), JSON.stringify({ 'http-bind': bind, credentials }));
    return [`--config=${temp.join('credentials.yaml')}`];
  },
  restore: async (bind, program) => {
    await mkdir(temp.join('volume'));
    await writeFile(temp.join('volume/file'), '');
    const check = program === '' ? 'false' : program;
    const waiting = ['--timeout=1h', '--retry-wait=50ms', '--grace=2s'];
    return [...ofVolume(), ...waiting, `--check=${check}`, `--http-bind=${bind}`];
  },
  backup: async (bind, program) => {
    await mkdir(temp.join('volume'));
    await writeFile(temp.join('volume/file'), '');
    const hooks = program === '' ? [] : [`--pre=${program}`];
    return [...ofVolume(), '--init', '--schedule=@every 1s', '--grace=2s', ...hooks, `--http-bind=${bind}`];
  },
  injector: async (bind) => {
    const { cert, key } = makeAuthority(temp.path).issue('127.0.0.1');
    await writeFile(temp.join('bundle.pem'), `${key}${cert}`, { mode: 0o600 });
    return ['--bind=127.0.0.1:0', `--http-bind=${bind}`, `--tls-cert-file=${temp.join('bundle.pem')}`];
  },
};
/** The injector starts no program. */
const STARTING_PROGRAMS = Object.keys(LONG_RUNNING).filter((command) => command !== 'injector');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

interface Started {
  readonly port: number;
  /** How it ended, once asked to; fails when it does not in time. */
  readonly stop: () => Promise<NodeJS.Signals | number | null>;
}

/** Starts it and waits for its probes. */
async function start(command: string, program = '', output: 'ignore' | number = 'ignore'): Promise<Started> {
  const port = await freePort();
  const args = (await LONG_RUNNING[command]?.(`127.0.0.1:${port}`, program)) ?? [];
  await mkdir(temp.join('tmp'));
  const child = spawn(PILLION, [command, ...args], {
    cwd: temp.path,
    env: { PATH: process.env['PATH'], HOME: temp.path, TMPDIR: temp.join('tmp') },
    stdio: ['ignore', output, output],
    detached: true,
  });
  const exit = once(child, 'exit');
  exit.catch(() => undefined);
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // Nothing is left of it.
    }
  });
  await waitFor(async () => (await probe(port)) === 200, { what: `the probes of ${command}` });
  return {
    port,
    async stop() {
      const asked = performance.now();
      child.kill('SIGTERM');
      const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
      expect(performance.now() - asked).toBeLessThan(GRACE_MS);
      return signal ?? code;
    },
  };
}

async function probe(port: number): Promise<number> {
  const options = { signal: AbortSignal.timeout(5000), headers: { connection: 'close' } };
  return fetch(`http://127.0.0.1:${port}/livez`, options).then(
    ({ status }) => status,
    () => 0,
  );
}

/** A program that stops itself, which no polite signal ends, and says first that it was started. */
async function stoppedProgram(): Promise<string> {
  const path = temp.join('program');
  await writeFile(path, `#!/bin/sh\n: > ${temp.join('started')}\nkill -STOP $$\n`);
  await chmod(path, 0o755);
  return path;
}

/** A pipe that is full and that nobody reads. */
async function fullPipe(): Promise<FileHandle> {
  const path = temp.join('pipe');
  execFileSync('mkfifo', [path]);
  const ends = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  for (let full = false; !full; ) {
    full = await ends.write(Buffer.alloc(4096)).then(
      () => false,
      () => true,
    );
  }
  return ends;
}

const isThere = (path: string) =>
  open(path).then(
    async (file) => {
      await file.close();
      return true;
    },
    () => false,
  );

describe.each(Object.keys(LONG_RUNNING))('%s', (command) => {
  it('answers its probes while hundreds of connections are open that nobody uses', async () => {
    const { port, stop } = await start(command);
    const crowd = Array.from({ length: NEIGHBOURS }, () =>
      connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }),
    );
    for (const socket of crowd) {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
    }
    await waitFor(() => crowd.every((socket) => !socket.connecting), { what: 'the crowd' });
    for (let count = 0; count < 10; count += 1) {
      expect(await probe(port)).toBe(200);
    }
    await stop();
  });

  it('ends at SIGTERM though nobody reads its log', async () => {
    const pipe = await fullPipe();
    const { stop } = await start(command, '', pipe.fd);
    expect(['SIGTERM', 0]).toContain(await stop());
    await pipe.close();
  });
});

describe.each(STARTING_PROGRAMS)('%s', (command) => {
  it('ends at SIGTERM though a program that it has started is stopped', async () => {
    // git-sync asks for the version before it serves.
    const program = command === 'git-sync' ? await stoppedFetch() : await stoppedProgram();
    const { stop } = await start(command, program);
    await waitFor(() => isThere(temp.join('started')), { what: 'the program' });
    expect(['SIGTERM', 0]).toContain(await stop());
  });
});

/** A git that works until it is to look at a remote. */
async function stoppedFetch(): Promise<string> {
  const path = temp.join('program');
  const script = `case " $* " in *" fetch "*|*" ls-remote "*) : > ${temp.join('started')}; kill -STOP $$;; esac\nexec git "$@"`;
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('a FIFO that nobody writes to', () => {
  it.each([
    [
      'git-sync',
      (fifo: string) => [
        '--repo=file:///nowhere',
        `--root=${temp.join('root')}`,
        `--password-file=${fifo}`,
        '--username=x',
        '--max-failures=-1',
      ],
    ],
    ['cron', (fifo: string) => [fifo]],
    ['credentials', (fifo: string) => [`--config=${fifo}`]],
    ['restore', (fifo: string) => [`--config=${fifo}`]],
    ['backup', (fifo: string) => [...ofVolume(), `--trigger-token-file=${fifo}`, '--http-bind=127.0.0.1:0']],
    ['inject', (fifo: string) => [fifo]],
    ['injector', (fifo: string) => ['--bind=127.0.0.1:0', `--tls-cert-file=${fifo}`]],
  ])(
    'in the place of a file keeps %s from nothing: SIGTERM ends it, unless it has ended',
    async (command, args) => {
      const fifo = temp.join('fifo');
      execFileSync('mkfifo', [fifo]);
      const child = spawn(PILLION, [command, ...args(fifo)], {
        cwd: temp.path,
        stdio: 'ignore',
        env: { ...process.env, FIFO_OF_TEST: fifo },
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const exit = once(child, 'exit');
      // Its start takes less; a second is enough to hang in.
      await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 1000))]);
      child.kill('SIGTERM');
      const asked = performance.now();
      await exit;
      expect(performance.now() - asked).toBeLessThan(GRACE_MS);
      await expectNoProcess(fifo);
    },
  );
});

describe('started in a directory that is gone', () => {
  const inRemoved = async (...args: readonly string[]) => {
    const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"';
    return tryProgram('sh', ['-c', script, 'sh', temp.join('removed'), PILLION, ...args]);
  };

  it.each(['git-sync', 'cron', 'backup', 'restore', 'credentials', 'inject', 'injector'])(
    '%s says so and what to try',
    async (command) => {
      const { code, stderr } = await inRemoved(command, 'x');
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/is gone.*\n.*start it in another/),
      });
    },
  );

  it('the program tells its version all the same', async () => {
    expect(await inRemoved('version')).toMatchObject({ code: 0 });
  });
});
