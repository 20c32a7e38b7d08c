import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { isRunning } from '../exec/fixtures/fixtures.ts';
import { waitFor } from '../testing/wait-for.ts';

const temp = useTempDir();
const PROGRAM = fileURLToPath(new URL('./fixtures/process.ts', import.meta.url));
/** Short where the test waits for its end, beyond any test where the process must end before it. */
const SHORT_GRACE_MS = 300;

interface Started {
  readonly child: ChildProcess;
  /** Resolves when the body runs. */
  readonly ready: Promise<unknown>;
  readonly ended: Promise<{
    code: number | null;
    signal: string | null;
    lines: Record<string, unknown>[];
    text: string;
  }>;
}

function start(name: string, options: { graceMs?: number; stderr?: number } = {}): Started {
  const { graceMs = 60_000, stderr } = options;
  const fifo = temp.join('fifo');
  execFileSync('mkfifo', [fifo]);
  const child = spawn(process.execPath, [PROGRAM, name, fifo], {
    stdio: ['ignore', 'pipe', stderr ?? 'pipe'],
    env: { ...process.env, GRACE_MS: String(graceMs) },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    const lines = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { code: code as number | null, signal: signal as string | null, lines, text };
  });
  return { child, ready: child.stdout === null ? Promise.resolve() : once(child.stdout, 'data'), ended };
}

async function stopped(name: string, options: { graceMs?: number; stderr?: number } = {}) {
  const { child, ready, ended } = start(name, options);
  await ready;
  child.kill('SIGTERM');
  return ended;
}

describe('a process', () => {
  it('ends with the exit code of its body', async () => {
    expect(await start('ends by itself').ended).toMatchObject({ code: 3, signal: null });
  });

  it('ends by the signal that stopped it, as a program without a handler', async () => {
    const { signal, lines } = await stopped('stops when asked');
    expect(signal).toBe('SIGTERM');
    expect(lines).toMatchObject([{ msg: 'received SIGTERM, shutting down', count: 1 }]);
  });

  it('does not call it a failure when the signal ends a wait of the body', async () => {
    const { signal, lines } = await stopped('is stopped in a wait');
    expect([signal, lines.map(({ level }) => level)]).toEqual(['SIGTERM', ['info']]);
  });

  it('logs what its body throws and ends with the exit code of the error', async () => {
    const { code, lines } = await start('fails at its start').ended;
    expect(code).toBe(2);
    expect(lines).toMatchObject([
      {
        level: 'error',
        msg: "can't start",
        error: 'no such flag REDACTED',
        code: 'usage',
        hint: 'see --help',
      },
    ]);
  });

  it('logs a shutdown step that fails', async () => {
    const { signal, lines } = await stopped('has a step that fails');
    expect(signal).toBe('SIGTERM');
    expect(lines.at(-1)).toMatchObject({
      msg: 'shutdown step failed',
      step: 'bad step',
      error: 'no REDACTED',
    });
  });

  it('has one registry of metrics, with those of every process', async () => {
    const { lines } = await start('counts metrics').ended;
    expect(lines).toMatchObject([{ msg: 'metrics', same: true, has: true }]);
  });

  it('ends at SIGUSR1 as at a stop signal, and opens no debugger', async () => {
    const { child, ready, ended } = start('stops when asked');
    await ready;
    child.kill('SIGUSR1');
    expect(await ended).toMatchObject({ signal: 'SIGTERM', text: expect.not.stringContaining('Debugger') });
  });
});

describe('a crash', () => {
  it.each(['throws from a timer', 'leaves a rejection to nobody'])(
    'is one line without secrets, and the process shuts down in order: %s',
    async (name) => {
      const { code, lines, text } = await start(name).ended;
      expect(code).toBe(1);
      expect(lines).toMatchObject([
        { level: 'error', msg: 'internal error', error: 'boom REDACTED', code: 'internal_error' },
        { msg: 'the step has run' },
      ]);
      expect(lines[0]?.['stack']).toContain('process.ts');
      expect(text).not.toContain('hunter2canary');
    },
  );

  it('may be of anything that can be thrown', async () => {
    const { code, lines } = await start('rejects with no error').ended;
    expect([code, lines.length, lines[0]?.['error']]).toEqual([1, 1, 'boom REDACTED']);
  });
});

describe('after SIGTERM the process ends within its grace, though it', () => {
  it('has a body that never settles', async () => {
    const { signal, lines } = await stopped('has a body that never settles', { graceMs: SHORT_GRACE_MS });
    expect(signal).toBe('SIGTERM');
    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      msg: expect.stringContaining('did not end in time'),
    });
  });

  it('has a step that never settles', async () => {
    const { signal, lines } = await stopped('has a step that never settles', { graceMs: SHORT_GRACE_MS });
    expect(signal).toBe('SIGTERM');
    expect(lines.at(-1)).toMatchObject({ msg: 'shutdown step did not end in time', step: 'stuck step' });
  });

  it('has every thread of the pool in a FIFO', async () => {
    const { signal } = await stopped('has every thread of the pool in a FIFO', { graceMs: SHORT_GRACE_MS });
    expect(signal).toBe('SIGTERM');
  });

  it('waits for a stopped child', async () => {
    expect(await stopped('waits for a stopped child')).toMatchObject({ signal: 'SIGTERM' });
  });

  it('logs into a pipe that nobody reads', async () => {
    const path = temp.join('unread');
    execFileSync('mkfifo', [path]);
    const ends = openSync(path, constants.O_RDWR);
    expect(await stopped('logs without an end', { stderr: ends })).toMatchObject({ signal: 'SIGTERM' });
  });

  it('does not look at a first signal: the second ends it at once', async () => {
    const { child, ready, ended } = start('has a body that never settles');
    await ready;
    child.kill('SIGTERM');
    await (child.stderr && once(child.stderr, 'data'));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('a child that ignores SIGTERM', () => {
  const pidOfChild = async () => {
    const file = `${temp.join('fifo')}.pid`;
    return Number(await waitFor(() => existsSync(file) && readFileSync(file, 'utf8'), { what: 'the child' }));
  };

  it('is killed at the second signal', async () => {
    const { child, ended } = start('has a child that ignores SIGTERM');
    const pid = await pidOfChild();
    child.kill('SIGTERM');
    await (child.stderr && once(child.stderr, 'data'));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ signal: 'SIGTERM', lines: [{ count: 1 }, { count: 2 }] });
    await waitFor(() => !isRunning(pid), { what: 'the end of the child' });
  });

  it('does not outlive a crash', async () => {
    const { ended } = start('crashes next to a child that ignores SIGTERM');
    const pid = await pidOfChild();
    expect(await ended).toMatchObject({ code: 1 });
    await waitFor(() => !isRunning(pid), { what: 'the end of the child' });
  });
});

it('a process that ends by itself ends with its exit code, though every thread of the pool hangs', async () => {
  const { ended } = start('ends by itself with every thread of the pool in a FIFO');
  expect(await ended).toMatchObject({ code: 3, signal: null });
});
