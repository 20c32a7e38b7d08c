import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../core/testing/wait-for.ts';
import type { RunContext } from '../job-body.ts';
import { type CommandOptions, commandBody } from './command-body.ts';
import type { CommandOutput } from './command-output.ts';

const PATH = { PATH: process.env['PATH'] ?? '' };
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pillion-command-'));
});
afterEach(() => rm(directory, { recursive: true }));

interface Recorded extends CommandOutput {
  readonly lines: string[];
  readonly capped: (source: { job: string }, bytes: number) => void;
  caps: number;
}

function recordOutput(): Recorded {
  const lines: string[] = [];
  const recorded: Recorded = {
    lines,
    caps: 0,
    drained: () => Promise.resolve(),
    leftoversEnded: (_source, programs) => lines.push(`ended ${programs.join()}`),
    line: (_source, channel, line) => lines.push(`${channel} ${line}`),
    capped() {
      recorded.caps += 1;
    },
  };
  return recorded;
}

function run(
  line: string,
  options: Partial<CommandOptions> = {},
): {
  end: ReturnType<ReturnType<typeof commandBody>>;
  stop: AbortController;
  kill: AbortController;
  output: Recorded;
} {
  const output = recordOutput();
  const stop = new AbortController();
  const kill = new AbortController();
  const body = commandBody({
    command: { kind: 'shell', shell: '/bin/sh', line },
    cwd: undefined,
    readEnv: () => PATH,
    exitRules: [],
    maxOutputBytes: undefined,
    leftovers: 'kill',
    output,
    ...options,
  });
  const context: RunContext = {
    job: 'backup',
    run: 'abc',
    attempt: 1,
    cause: 'schedule',
    scheduled: 0,
    signal: stop.signal,
    deadline: kill.signal,
    killAfterMs: 300_000,
  };
  return { end: body(context), stop, kill, output };
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a command as the body of a job', () => {
  it('hands its output on line by line, and knows its job and run', async () => {
    const { end, output } = run('echo "$GREETING $PILLION_JOB $PILLION_RUN"; echo oops >&2; printf x', {
      readEnv: () => ({ ...PATH, GREETING: 'hi' }),
    });
    expect(await end).toMatchObject({
      result: 'success',
      text: 'exit status 0',
      exitCode: 0,
      outputBytes: 20,
    });
    expect(output.lines.toSorted()).toEqual(['stderr oops', 'stdout hi backup abc', 'stdout x']);
  });

  it('is judged by its exit-code map', async () => {
    const exitRules = [
      { from: 7, to: 7, meaning: 'final' },
      { from: 3, to: 3, meaning: 'success' },
    ] as const;
    expect(await run('exit 7', { exitRules }).end).toMatchObject({ result: 'failure', retryable: false });
    expect(await run('exit 3', { exitRules }).end).toMatchObject({ result: 'success', exitCode: 3 });
    expect(await run('exit 1', { exitRules }).end).toMatchObject({ result: 'failure', retryable: true });
    expect(await run('kill -9 $$').end).toMatchObject({ result: 'failure', text: 'signal: SIGKILL' });
  });

  it('gets SIGTERM with its whole group when it is to end, and SIGKILL at the deadline', async () => {
    const { end, stop, kill, output } = run(
      `trap 'echo told' TERM; sh -c 'trap "" TERM; echo $$; while :; do sleep 0.05; done' & while :; do sleep 0.05; done`,
    );
    const child = await waitFor(() => Number(output.lines[0]?.split(' ')[1]), { what: 'the child' });
    stop.abort();
    await waitFor(() => output.lines.includes('stdout told'), { what: 'the trap' });
    expect(exists(child)).toBe(true);
    kill.abort();
    expect(await end).toMatchObject({ result: 'failure' });
    await waitFor(() => !exists(child), { what: 'the end of the child' });
  });

  it('ends what it leaves running in its group, and names those programs', async () => {
    const { end, output } = run('sleep 300 >/dev/null 2>&1 & echo $!');
    expect(await end).toMatchObject({ result: 'success' });
    const [pid, ended] = output.lines;
    expect(ended).toBe('ended sleep');
    await waitFor(() => !exists(Number(pid?.split(' ')[1])), { what: 'the end of it' });
    const clean = run('sleep 0.01 & wait');
    await clean.end;
    expect(clean.output.lines).toEqual([]);
  });

  it('leaves it running with leftovers=keep, and lasts as long as it holds the output with leftovers=wait', async () => {
    const kept = run('sleep 300 >/dev/null 2>&1 & echo $!', { leftovers: 'keep' });
    await kept.end;
    const pid = Number(kept.output.lines[0]?.split(' ')[1]);
    expect(exists(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    const waited = run('(sleep 0.2; echo late) & echo early', { leftovers: 'wait' });
    expect(await waited.end).toMatchObject({ result: 'success' });
    expect(waited.output.lines).toEqual(['stdout early', 'stdout late']);
  });

  it('reads variables before it starts, and fails with what their reader throws', async () => {
    const { end, output } = run('echo "$A"', {
      readEnv: () => Promise.resolve({ ...PATH, A: 'from a file' }),
    });
    expect(await end).toMatchObject({ result: 'success' });
    expect(output.lines).toEqual(['stdout from a file']);
    const failing = run('echo started', {
      readEnv: () => Promise.reject(new Error('env-file x: no such file')),
    });
    expect(await failing.end).toEqual({ result: 'failure', text: 'env-file x: no such file' });
    expect(failing.output.lines).toEqual([]);
  });

  it('may write to /dev/stdout and /dev/stderr by path, as under a shell', async () => {
    const { end, output } = run('echo out > /dev/stdout; echo err | tee /dev/stderr > /proc/self/fd/1');
    expect(await end).toMatchObject({ result: 'success' });
    expect(output.lines.toSorted()).toEqual(['stderr err', 'stdout err', 'stdout out']);
  });

  it('that floods its output is slowed down, while others start, run and end', async () => {
    const flood = run('yes');
    flood.output.lines.push = (...lines) => lines.length; // seen, not kept
    for (let others = 0; others < 10; others += 1) {
      const { end, output } = run('echo other');
      expect(await end).toMatchObject({ result: 'success' });
      expect(output.lines).toEqual(['stdout other']);
    }
    flood.stop.abort();
    expect(await flood.end).toMatchObject({ exitCode: undefined });
  });

  it('has its output cut off at its limit and goes on', async () => {
    const { end, output } = run('seq 1 10000; exit 0', { maxOutputBytes: 1000 });
    expect(await end).toMatchObject({ result: 'success', outputBytes: 48_894 });
    expect(output.lines.join('\n').length).toBeLessThan(4000);
    expect(output.caps).toBe(1);
  });

  it.each([
    [
      'a shell that is not there',
      { kind: 'shell', shell: '/bin/fish', line: 'x' },
      'the shell /bin/fish does not exist',
    ],
    [
      'a program that is not in PATH',
      { kind: 'program', argv: ['no-such-program', 'hunter2'] },
      'the program no-such-program is not in PATH (ENOENT)',
    ],
    [
      'a file that may not be executed',
      { kind: 'program', argv: ['/etc/passwd'] },
      'the program /etc/passwd has no run bit (EACCES)',
    ],
  ] as const)('cannot start with %s, and says what is missing', async (_, command, expected) => {
    const end = await run('', { command }).end;
    expect(end).toMatchObject({
      result: 'failure',
      text: expect.stringContaining(`cannot start: ${expected}`),
    });
    expect(end.text).not.toContain('hunter2');
  });

  it('cannot start in a directory that is not there', async () => {
    expect(await run('true', { cwd: path.join(directory, 'none') }).end).toMatchObject({
      result: 'failure',
      text: `cannot start: the working directory ${path.join(directory, 'none')} does not exist (ENOENT)`,
    });
  });

  it('runs in the directory that was asked for, or else inherits ours', async () => {
    const { end, output } = run('pwd', { cwd: directory });
    await end;
    expect(output.lines).toEqual([`stdout ${directory}`]);
    const inherited = run('pwd');
    await inherited.end;
    expect(inherited.output.lines).toEqual([`stdout ${process.cwd()}`]);
  });
});
