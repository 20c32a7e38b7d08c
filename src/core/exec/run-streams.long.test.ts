import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../testing/wait-for.ts';
import { bundleProgram, ENV, fixture, killLater, temporaryDirectory } from './fixtures/fixtures.ts';
import { paced } from './paced.ts';
import { run, tryRun } from './run.ts';

const isRoot = process.getuid?.() === 0;
const sh = (script: string, stdin?: string) => run('sh', ['-c', script], { env: ENV, stdin });

const openDescriptors = () => readdirSync('/proc/self/fd').length;
const threads = () => /^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];

describe('the channel of a program', () => {
  it('is descriptor 3, of which each side ends its half by itself', async () => {
    const heard: string[] = [];
    const script = 'cat <&3 >&2; echo answer >&3; sleep 0.1; echo more >&3';
    const { stderr } = await run('sh', ['-c', script], {
      env: ENV,
      onChannel(socket) {
        socket.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
        socket.end('question');
      },
    });
    expect(stderr).toBe('question');
    expect(heard.join('')).toBe('answer\nmore\n');
  });

  it('is gone with the program, whoever still holds it', async () => {
    const before = openDescriptors();
    await run('sh', ['-c', 'sleep 0.1'], {
      env: ENV,
      onChannel: (socket) => void socket.write('never read'),
    });
    expect(openDescriptors()).toBe(before);
  });

  it('is not there for others', async () => {
    expect((await sh('[ -e /proc/self/fd/3 ] && readlink /proc/self/fd/3 || echo none')).stdout).toBe(
      'none\n',
    );
  });
});

describe('the standard streams of a program', () => {
  it.each([
    ['echo out > /dev/stdout', 'out\n', ''],
    ['echo out >> /proc/self/fd/1', 'out\n', ''],
    ['echo err > /dev/stderr', '', 'err\n'],
    ['echo both | tee /dev/stderr', 'both\n', 'both\n'],
    ['exec 3>/dev/stdout; echo three >&3', 'three\n', ''],
    ['sh -c "sh -c \\"echo deep > /proc/self/fd/1\\""', 'deep\n', ''],
    ['cat /dev/stdin', '', ''],
    ['[ -p /dev/stdout ] && [ -p /dev/stderr ] && echo pipes', 'pipes\n', ''],
  ])('can be opened by path: %s', async (script, stdout, stderr) => {
    expect(await sh(script)).toMatchObject({ stdout, stderr });
  });

  it('can be opened by path for input as well, also long after all of it was written', async () => {
    expect((await sh('sleep 0.2; cat /dev/stdin', 'given')).stdout).toBe('given');
    expect((await sh('cat /proc/self/fd/0 | wc -c', 'x'.repeat(1_000_000))).stdout.trim()).toBe('1000000');
  });

  it.runIf(isRoot)('can be opened by another user once the program allows that', async () => {
    const asOther = 'setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo other > /dev/stdout"';
    expect((await sh(`chmod o+w /dev/stdout; ${asOther}`)).stdout).toBe('other\n');
    const refused = await tryRun('sh', ['-c', asOther], { env: ENV });
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('never mix with those of a process that an earlier program left behind', async () => {
    const file = join(await temporaryDirectory(), 'go');
    const stray = 'trap "" PIPE; echo $$; until [ -e "$0" ]; do sleep 0.01; done; echo stray; : >"$0.done"';
    const left = await tryRun('sh', ['-c', 'sh -c "$1" "$0" &', file, stray], {
      env: ENV,
      killGroupAfterExit: false,
    });
    killLater(Number(left.stdout));
    const pending = Array.from({ length: 8 }, () =>
      run('sh', ['-c', 'until [ -e "$0.done" ]; do sleep 0.01; done; echo mine', file], { env: ENV }),
    );
    await sh(`: >${file}`);
    expect((await Promise.all(pending)).map(({ stdout }) => stdout)).toEqual(Array(8).fill('mine\n'));
  });

  it('leave no descriptor and no thread behind in a thousand runs', async () => {
    const once = () => Promise.all([sh('echo x'), run('cat', [], { env: ENV, stdin: 'x' })]);
    const tenAtOnce = () => Promise.all(Array.from({ length: 5 }, once));
    await tenAtOnce();
    await tenAtOnce();
    const before = { descriptors: openDescriptors(), threads: threads() };
    for (let runs = 0; runs < 1000; runs += 10) {
      await tenAtOnce();
    }
    await waitFor(() => openDescriptors() <= before.descriptors); // sockets are closed a moment later
    expect(threads()).toBe(before.threads);
  }, 120_000);

  it('are sockets where no pipes can be made, which is reported once', async () => {
    const directory = await temporaryDirectory();
    const program = await bundleProgram(fixture('without-shell.ts'), directory);
    const args = ['--mount', 'sh', '-c', `mount --bind /dev/null /bin/sh && exec "$0" "$1"`];
    const result = await tryRun('unshare', [...args, process.execPath, program], { env: ENV });
    if (result.stderr.includes('Operation not permitted')) {
      return; // mounting needs a privilege; the pool's own test shows the same
    }
    expect(result.stderr).toBe('');
    expect(JSON.parse(result.stdout)).toEqual({ out: ['x', 'x'], problems: [expect.any(String)] });
  });
});

describe('a program that writes faster than its output is taken', () => {
  it('waits at its full pipe until the consumer is ready', async () => {
    const abort = new AbortController();
    let seen = 0;
    let release = () => {};
    const ready = new Promise<void>((resolve) => {
      release = resolve;
    });
    const onOutput = (_: string, chunk: Buffer) => {
      seen += chunk.length;
      return ready;
    };
    let pid = 0;
    const pending = tryRun('yes', [], {
      env: ENV,
      signal: abort.signal,
      onOutput,
      onSpawn: (spawned) => (pid = spawned),
    });
    const isWaiting = () => readFileSync(`/proc/${pid}/wchan`, 'utf8').includes('pipe');
    const isAsleep = () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') S ');
    await waitFor(() => seen > 0 && (isWaiting() || isAsleep()));
    const first = seen;
    expect(first).toBeLessThanOrEqual(128 * 1024);
    release();
    await waitFor(() => seen > 4 * 1024 * 1024);
    abort.abort();
    expect(await pending).toMatchObject({ aborted: true });
  });

  it('does not hold up timers, even when ten do so and their output is costly', async () => {
    const abort = new AbortController();
    let due = performance.now() + 10;
    let late = 0; // slices handed out although the heartbeat was due
    let mostLate = 0;
    let beats = 0;
    const heartbeat = setInterval(() => {
      due = performance.now() + 10;
      beats += 1;
      late = 0;
    }, 10);
    const onOutput = (_: string, chunk: Buffer) =>
      paced(chunk, (slice) => {
        slice.toString().split('\n');
        late += performance.now() > due ? 1 : 0;
        mostLate = Math.max(mostLate, late);
      });
    const runs = Array.from({ length: 10 }, () =>
      tryRun('yes', [], { env: ENV, signal: abort.signal, onOutput }),
    );
    await waitFor(() => beats > 50);
    abort.abort();
    await Promise.all(runs);
    clearInterval(heartbeat);
    // One turn of 5 ms hands out some hundred slices; without turns it would be tens of thousands.
    expect(mostLate).toBeLessThan(5000);
  });

  it('has its last output taken by a slow consumer before the run is over', async () => {
    let taken = '';
    const onOutput = async (_: string, chunk: Buffer) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      taken += chunk.toString();
    };
    await run('sh', ['-c', 'echo first; sleep 0.1; echo last'], { env: ENV, onOutput });
    expect(taken).toBe('first\nlast\n');
  });

  it('ends the run when the promise of its consumer is rejected', async () => {
    const broken = new Error('broken consumer');
    const onOutput = () => Promise.reject(broken);
    await expect(run('yes', [], { env: ENV, onOutput })).rejects.toBe(broken);
  });

  it('cannot keep the run from ending with a consumer that never finishes', async () => {
    const onOutput = () => new Promise<void>(() => {});
    const outcome = await tryRun('yes', [], { env: ENV, onOutput, timeoutMs: 50, graceMs: 50 });
    expect(outcome).toMatchObject({ timedOut: true });
  });
});
