import { getEventListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../testing/wait-for.ts';
import { ExecError } from './exec-error.ts';
import { blockFor, bundleProgram, ENV, fixture, temporaryDirectory } from './fixtures/fixtures.ts';
import { run, tryRun } from './run.ts';

async function failure(promise: Promise<unknown>): Promise<ExecError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof ExecError) {
    return error;
  }
  throw new Error(`expected an ExecError, got ${String(error)}`);
}

describe('run', () => {
  it('gives back both streams of a program that succeeds', async () => {
    const result = await run('sh', ['-c', 'echo out; echo err >&2'], { env: ENV });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n', stdoutTruncated: false });
    expect(result.durationMs).toBeGreaterThan(0);
  });

  it('gives the child exactly the environment it was told, and nothing of ours', async () => {
    const { stdout } = await run('env', [], { env: { PATH: ENV.PATH ?? '', GREETING: 'hello world' } });
    const lines = stdout.trim().split('\n').sort();
    expect(lines).toEqual(['GREETING=hello world', `PATH=${ENV.PATH}`]);
  });

  it('finds the program with the PATH of the child', async () => {
    const error = await failure(run('sh', ['-c', ':'], { env: { PATH: '/nowhere' } }));
    expect(error.code).toBe('exec_not_found');
  });

  it('hands arguments over as they are, without a shell', async () => {
    const { stdout } = await run('printf', ['%s|', '$HOME', '*', 'a b', '`x`'], { env: ENV });
    expect(stdout).toBe('$HOME|*|a b|`x`|');
  });

  it('gives an empty standard input unless there is one', async () => {
    expect((await run('cat', [], { env: ENV })).stdout).toBe('');
    expect((await run('cat', [], { env: ENV, stdin: 'grüße' })).stdout).toBe('grüße');
  });

  it('does not mind a program that leaves a large input unread', async () => {
    const result = await run('true', [], { env: ENV, stdin: Buffer.alloc(4 * 1024 * 1024) });
    expect(result.exitCode).toBe(0);
  });

  it('takes its input piece by piece from a function, whose buffer is free after each', async () => {
    const buffer = Buffer.alloc(100_000);
    const stdin = async (write: (bytes: Uint8Array) => Promise<void>) => {
      for (let round = 0; round < 30; round += 1) {
        await write(buffer.fill(65 + (round % 26)));
      }
    };
    const { stdout } = await run('sh', ['-c', 'tr -s A-Z | wc -c; wc -c < /dev/null'], { env: ENV, stdin });
    expect(stdout.split(/\s+/).filter(Boolean)).toEqual(['30', '0']);
  });

  it('does not mind a program that ends before such a function, and lets the function know', async () => {
    let wasTold = false;
    const stdin = async (write: (bytes: Uint8Array) => Promise<void>) => {
      try {
        for (;;) {
          await write(Buffer.alloc(100_000));
        }
      } catch (error) {
        wasTold = true;
        throw new Error('in words of its own', { cause: error });
      }
    };
    await run('true', [], { env: ENV, stdin });
    await waitFor(() => wasTold);
  });

  it('ends with what such a function throws', async () => {
    const stdin = async (write: (bytes: string) => Promise<void>) => {
      await write('x');
      throw new Error('no more to say');
    };
    await expect(run('cat', [], { env: ENV, stdin })).rejects.toThrow('no more to say');
  });

  it('starts in the given directory', async () => {
    const cwd = await temporaryDirectory();
    expect((await run('pwd', [], { env: ENV, cwd })).stdout).toBe(`${cwd}\n`);
  });

  it('runs the child without a terminal, in a process group of its own', async () => {
    let pid = 0;
    const script = 'ps -o pgid=,sid= -p $$ 2>/dev/null || cut -d" " -f5,6 /proc/$$/stat';
    const { stdout } = await run('sh', ['-c', script], { env: ENV, onSpawn: (spawned) => (pid = spawned) });
    expect(stdout.trim().split(/\s+/).map(Number)).toEqual([pid, pid]);
  });

  it('keeps the tail of each stream and says that it did', async () => {
    const script = 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line-$i; done; echo short >&2';
    const result = await run('sh', ['-c', script], { env: ENV, maxOutputBytes: 64 });
    expect(result.stdout).toHaveLength(64);
    expect(result.stdout.endsWith('line-1999\nline-2000\n')).toBe(true);
    expect(result).toMatchObject({ stdoutTruncated: true, stderr: 'short\n', stderrTruncated: false });
  });

  it('shows every byte to onOutput even when it keeps only the tail', async () => {
    let seen = 0;
    const result = await run('head', ['-c', '3000000', '/dev/zero'], {
      env: ENV,
      maxOutputBytes: 10,
      onOutput: (stream, chunk) => {
        expect(stream).toBe('stdout');
        seen += chunk.length;
      },
    });
    expect(seen).toBe(3_000_000);
    expect(result.stdout).toBe('\0'.repeat(10));
  });

  it('loses nothing of what a program wrote before it ended, however busy we are', async () => {
    const pending = run('head', ['-c', '60000', '/dev/zero'], { env: ENV });
    await new Promise((resolve) => setTimeout(resolve, 1));
    blockFor(700);
    expect((await pending).stdout).toHaveLength(60_000);
  });

  it('runs several programs on one signal and leaves no listener on it', async () => {
    const { signal } = new AbortController();
    const file = join(await temporaryDirectory(), 'go');
    const args = ['-c', 'until [ -e "$0" ]; do sleep 0.01; done', file];
    const runs = Array.from({ length: 8 }, () => run('sh', args, { env: ENV, signal, timeoutMs: 60_000 }));
    await waitFor(() => getEventListeners(signal, 'abort').length === 8);
    writeFileSync(file, '');
    await Promise.all(runs);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaves no timer behind: a program with limits of an hour ends when its work is done', async () => {
    const directory = await temporaryDirectory();
    const source = fixture('hour-long-limits.ts');
    const program = await bundleProgram(source, directory);
    const result = await run(process.execPath, [program], { env: ENV, timeoutMs: 15_000 });
    expect(result.stdout).toBe('listeners 0\n');
  });
});

describe('a program that cannot be started', () => {
  it('is called not found, with what to do', async () => {
    const error = await failure(run('no-such-program', ['x'], { env: ENV }));
    expect(error.code).toBe('exec_not_found');
    expect(error.message).toContain('no-such-program x: cannot start');
    expect(error.hint).toContain('PATH');
  });

  it('is not called not found when it is the directory that is missing', async () => {
    const directory = await temporaryDirectory();
    const error = await failure(run('true', [], { env: ENV, cwd: join(directory, 'gone') }));
    expect(error.code).toBe('exec_failed');
    expect(error.message).toContain('working directory');
  });

  it('is told apart when it is not executable', async () => {
    const outcome = await tryRun('/etc/passwd', [], { env: ENV });
    expect(outcome).toMatchObject({
      spawnError: 'EACCES',
      exitCode: undefined,
      timedOut: false,
      aborted: false,
    });
  });

  it('is reported also where Node throws: arguments too long, or with a NUL byte', async () => {
    const long = await tryRun('true', ['x'.repeat(4 * 1024 * 1024)], { env: ENV });
    expect(long.spawnError).toBe('E2BIG');
    const nul = await tryRun('true', ['a\0b'], { env: ENV });
    expect(nul.spawnError).toBe('ERR_INVALID_ARG_VALUE');
  });
});

describe('a callback that throws', () => {
  it('ends the program and is thrown by the run', async () => {
    const broken = new Error('broken callback');
    const options = {
      env: ENV,
      onOutput: () => {
        throw broken;
      },
    };
    await expect(run(fixture('tidy-on-term.sh'), [], options)).rejects.toBe(broken);
  });
});
