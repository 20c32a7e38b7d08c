import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { eventually, memoryLog, specOf } from '../testing/fakes.ts';
import { createRunner, type Runner } from './dispatcher.ts';
import { createJob, type Job, type RunEnd } from './job.ts';
import { createWarnLimit } from './warn-limit.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pillion-runner-'));
});
afterEach(() => rm(directory, { recursive: true }));

interface Bench {
  readonly runner: Runner;
  readonly job: Job;
  readonly ends: RunEnd[];
  readonly lines: string[];
  readonly stopping: AbortController;
  start(): void;
  messages(): string[];
}

function bench(crontab: string): Bench {
  const { log, lines, secrets } = memoryLog();
  const stopping = new AbortController();
  const ends: RunEnd[] = [];
  const job = createJob(specOf(crontab));
  const runner = createRunner({
    clock: systemClock,
    log,
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: '/',
    passthrough: undefined,
    stopping: stopping.signal,
    warnings: createWarnLimit(log, systemClock),
    secrets,
    observers: [{ ended: (_run, end) => ends.push(end) }],
  });
  return {
    runner,
    job,
    ends,
    lines,
    stopping,
    start: () => runner.request(job, { cause: 'schedule', scheduled: Date.now(), wantedAt: Date.now() }),
    messages: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
  };
}

describe('a run', () => {
  it('hands its output on line by line under the job name, with what the file puts into its environment', async () => {
    const { runner, start, lines, ends } = bench(
      'GREETING=hi\n* * * * * echo "$GREETING"; echo "no end" >&2 | printf x\n',
    );
    start();
    await runner.idle();
    const output = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ channel }) => channel);
    expect(output).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ msg: 'hi', job: 'echo', channel: 'stdout' }),
        expect.objectContaining({ msg: 'no end', channel: 'stderr' }),
        expect.objectContaining({ msg: 'x', channel: 'stdout' }),
      ]),
    );
    expect(ends).toMatchObject([{ result: 'success', exitCode: 0, attempts: 1 }]);
  });

  it('is tried again as often as its options say, and judged by its exit-code map', async () => {
    const failing = bench('# pillion: retries=2 retry-delay=1ms\n* * * * * exit 7\n');
    failing.start();
    await failing.runner.idle();
    expect(failing.ends).toMatchObject([{ result: 'failure', exitCode: 7, attempts: 3 }]);

    const mapped = bench(
      '# pillion: retries=2 retry-delay=1ms exit-codes=7:final,3:success\n* * * * * exit 7\n',
    );
    mapped.start();
    await mapped.runner.idle();
    expect(mapped.ends).toMatchObject([{ result: 'failure', attempts: 1 }]);

    const fine = bench('# pillion: exit-codes=7:final,3:success\n* * * * * exit 3\n');
    fine.start();
    await fine.runner.idle();
    expect(fine.ends).toMatchObject([{ result: 'success', exitCode: 3 }]);
  });

  it('that takes longer than its timeout is ended with everything it has started', async () => {
    const { runner, start, ends } = bench(
      '# pillion: timeout=200ms kill-after=100ms\n* * * * * sleep 300 & sleep 300\n',
    );
    start();
    await runner.idle();
    expect(ends).toMatchObject([{ result: 'timeout' }]);
    expect(ends[0]?.durationMs).toBeLessThan(5000);
  });

  it('gets the lines of its env-file, as they are at each attempt', async () => {
    const file = path.join(directory, 'env');
    await writeFile(file, '# of the database\r\nexport A="file"\nB=\n\nDB_PASSWORD=correct-horse\n');
    const { runner, start, lines, ends } = bench(
      `A=from crontab\n# pillion: retries=1 retry-delay=1ms env-file=${file}\n` +
        `* * * * * echo "<$A> <$B> $DB_PASSWORD"; echo A=new > ${file}; test "$A" = new\n`,
    );
    start();
    await runner.idle();
    expect(ends).toMatchObject([{ result: 'success', attempts: 2 }]);
    expect(lines.join('\n')).toContain('<file> <> REDACTED');
    expect(lines.join('\n')).not.toContain('correct-horse');
  });

  it.each([
    ['that is not there', undefined, ': there is no such file'],
    ['with a line that is no variable', 'A=1\n\nhunter2-hunter2\n', ':3: this is not NAME=value'],
    ['with a NUL byte', 'A=a\0b\n', ':1: this is not NAME=value'],
  ])('with an env-file %s fails, names the place and starts nothing', async (_, text, expected) => {
    const file = path.join(directory, 'env');
    if (text !== undefined) {
      await writeFile(file, text);
    }
    const { runner, start, lines, ends } = bench(`# pillion: env-file=${file}\n* * * * * echo started\n`);
    start();
    await runner.idle();
    expect(ends).toMatchObject([{ result: 'failure', text: `env-file ${file}${expected}` }]);
    expect(lines.join('\n')).toContain(`${file}${expected}`);
    expect(lines.join('\n')).not.toMatch(/started|hunter2/);
  });

  it('that fails and is tried again and again warns once a minute', async () => {
    const { runner, start, lines, ends } = bench(
      '# pillion: retries=6 retry-delay=1ms max-output=1\n* * * * * echo much; exit 1\n',
    );
    start();
    await runner.idle();
    expect(ends).toMatchObject([{ attempts: 7 }]);
    expect(lines.filter((line) => line.includes('"level":"warn"'))).toHaveLength(1);
  });

  it('has its output cut off at its cap and goes on', async () => {
    const { runner, start, lines, ends } = bench('# pillion: max-output=1k\n* * * * * seq 1 10000; exit 0\n');
    start();
    await runner.idle();
    expect(lines.join('\n').length).toBeLessThan(60_000);
    expect(lines.filter((line) => line.includes('output cut off'))).toHaveLength(1);
    expect(ends[0]).toMatchObject({ result: 'success', outputBytes: 48_894 });
  });
});

describe('a start while the job still runs', () => {
  it('is skipped by default, with one warning for any number of them', async () => {
    const { runner, job, start, ends, messages } = bench('* * * * * sleep 0.3\n');
    for (let count = 0; count < 50; count += 1) {
      start();
    }
    await runner.idle();
    expect(ends).toHaveLength(1);
    expect(job.stats.skipped).toEqual({ overlap: 49 });
    expect(messages().filter((message) => message.startsWith('not starting'))).toHaveLength(1);
  });

  it('runs beside it with overlap=allow', async () => {
    const { runner, job, start, ends } = bench('# pillion: overlap=allow\n* * * * * sleep 0.3\n');
    [1, 2, 3].forEach(start);
    expect(job.running.size).toBe(3);
    await runner.idle();
    expect(ends).toHaveLength(3);
  });

  it('takes its place with overlap=replace', async () => {
    const { runner, job, start, ends } = bench('# pillion: overlap=replace\n* * * * * echo on; sleep 300\n');
    start();
    const [first] = job.running.keys();
    await eventually(() => [...job.running.values()][0]?.pid !== undefined, 'the first run');
    start();
    await eventually(() => ends.length === 1 && job.running.size === 1, 'the second run');
    expect(ends).toMatchObject([{ result: 'stopped' }]);
    expect([...job.running.keys()]).not.toEqual([first]);
    runner.killAll();
    await runner.idle();
  });

  it('waits for its end with overlap=queue, one at most', async () => {
    const { runner, job, start, ends } = bench('# pillion: overlap=queue\n* * * * * sleep 0.2\n');
    [1, 2, 3, 4].forEach(start);
    await runner.idle();
    expect(ends).toHaveLength(2);
    expect(job.stats.skipped).toEqual({ 'queue-full': 2 });
  });

  it('is dropped when the scheduler is stopping, and no retry is begun', async () => {
    const { runner, job, start, ends, stopping } = bench(
      '# pillion: retries=5 retry-delay=1m\n* * * * * exit 1\n',
    );
    start();
    await eventually(() => job.running.size === 1, 'the run');
    stopping.abort();
    start();
    await runner.idle();
    expect(ends).toMatchObject([{ result: 'failure', attempts: 1 }]);
    expect(job.stats.skipped).toEqual({ stopping: 1 });
  });
});
