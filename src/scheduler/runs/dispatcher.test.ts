import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createFakeClock, settle } from '../../core/testing/fake-clock.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { waitFor } from '../../core/testing/wait-for.ts';
import type { JobBody, RunContext, RunEnd } from '../job-body.ts';
import type { JobPolicy, JobSpec } from '../job-spec.ts';
import { jobWith } from '../testing/jobs.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { drain } from './drain.ts';
import { createJob, type Job, type RunObserver, type RunReport } from './job.ts';
import { createWarnLimit } from './warn-limit.ts';

interface Stage {
  readonly dispatcher: Dispatcher;
  readonly job: Job;
  readonly reports: RunReport[];
  readonly stopping: AbortController;
  readonly log: ReturnType<typeof createRecordedLog>['log'];
  start(): void;
  messages(): string[];
}

function stage(
  body: JobBody,
  policy: Partial<JobPolicy> = {},
  { clock = systemClock, observers = [] as RunObserver[] } = {},
): Stage {
  const { log, lines } = createRecordedLog(0);
  const stopping = new AbortController();
  const reports: RunReport[] = [];
  const job = createJob<JobSpec>(jobWith(body, policy));
  const dispatcher = createDispatcher({
    clock,
    log,
    stopping: stopping.signal,
    warnings: createWarnLimit(log, clock),
    failureMessage: 'job failed',
    observers: [...observers, { ended: (_run, report) => reports.push(report) }],
  });
  return {
    dispatcher,
    job,
    reports,
    stopping,
    log,
    start: () =>
      dispatcher.request(job, { cause: 'schedule', scheduled: clock.now(), wantedAt: clock.now() }),
    messages: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
  };
}

const success: RunEnd = { result: 'success', text: 'done' };
const succeed: JobBody = () => Promise.resolve(success);
/** Ends when it is asked to, as a body should. */
const obedient: JobBody = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('interrupted'))));
const never = new Promise<never>(() => undefined);
const deaf: JobBody = () => never;

/** A body that ends when the test says so. */
function controlled(): { body: JobBody; runs: RunContext[]; finish(end?: RunEnd): void } {
  const runs: RunContext[] = [];
  const waiting: ((end: RunEnd) => void)[] = [];
  return {
    runs,
    body: (run) => {
      runs.push(run);
      return new Promise((resolve) => waiting.push(resolve));
    },
    finish: (end = success) => waiting.shift()?.(end),
  };
}

describe('a run of a function', () => {
  it('succeeds with what the function returns, and knows its job, run and attempt', async () => {
    const { body, runs, finish } = controlled();
    const { dispatcher, job, start, reports } = stage(body);
    start();
    await settle();
    expect(runs).toMatchObject([{ job: 'job', attempt: 1, cause: 'schedule', killAfterMs: 5000 }]);
    expect([...job.running.keys()]).toEqual([runs[0]?.run]);
    finish({ result: 'success', text: 'sent 3 files', outputBytes: 7 });
    await dispatcher.idle();
    expect(reports).toMatchObject([
      { result: 'success', text: 'sent 3 files', attempts: 1, outputBytes: 7, abandoned: false },
    ]);
    expect(job.stats).toMatchObject({ runs: { success: 1 }, lastExitCode: 0 });
    expect(job.history).toMatchObject([{ result: 'success', attempts: 1 }]);
  });

  it('fails with what it throws or returns, and is tried again as often as its policy says', async () => {
    const policy = { retries: 2, retryDelayMs: 1 };
    const throwing = stage(() => Promise.reject(new Error('no route to the bucket')), policy);
    throwing.start();
    await throwing.dispatcher.idle();
    expect(throwing.reports).toMatchObject([
      { result: 'failure', text: 'no route to the bucket', attempts: 3 },
    ]);
    expect(throwing.job.stats).toMatchObject({ runs: { failure: 1 }, retries: 2, lastExitCode: -1 });

    const final = stage(
      () => Promise.resolve({ result: 'failure', text: 'wrong key', retryable: false }),
      policy,
    );
    final.start();
    await final.dispatcher.idle();
    expect(final.reports).toMatchObject([{ result: 'failure', text: 'wrong key', attempts: 1 }]);
  });

  it('waits twice as long before each further attempt, and warns once a minute at most', async () => {
    const clock = createFakeClock();
    const { start, reports, messages } = stage(
      () => Promise.reject(new Error('not yet')),
      { retries: 3, retryDelayMs: 10_000 },
      { clock },
    );
    start();
    const waits: number[] = [];
    for (const expected of [10_000, 20_000, 40_000]) {
      await settle();
      waits.push(...clock.waits());
      await clock.advance(expected);
    }
    await settle();
    expect(waits).toEqual([10_000, 20_000, 40_000]);
    expect(reports).toMatchObject([{ attempts: 4, durationMs: 70_000 }]);
    expect(messages()).toEqual(['starting', 'job failed: not yet; trying again', 'job failed']);
  });

  it('that takes longer than its timeout is asked to end, and has timed out', async () => {
    const clock = createFakeClock();
    const { start, reports, dispatcher } = stage(obedient, { timeoutMs: 60_000 }, { clock });
    start();
    await settle();
    await clock.advance(59_000);
    expect(reports).toEqual([]);
    await clock.advance(1000);
    await dispatcher.idle();
    expect(reports).toMatchObject([{ result: 'timeout', text: 'timed out', abandoned: false }]);
  });

  it('that ignores its signal is given its kill-after and two seconds more, then abandoned; the job starts again', async () => {
    const clock = createFakeClock();
    const { body, finish, runs } = controlled();
    const policy = { timeoutMs: 60_000, killAfterMs: 2000 };
    const { start, reports, job, messages } = stage(body, policy, { clock });
    start();
    await settle();
    await clock.advance(60_000);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(runs[0]?.deadline.aborted).toBe(false);
    await clock.advance(2000);
    expect(runs[0]?.deadline.aborted).toBe(true);
    expect(reports).toEqual([]);
    await clock.advance(2000);
    expect(reports).toMatchObject([{ result: 'timeout', abandoned: true, durationMs: 64_000 }]);
    expect(job.history).toMatchObject([{ abandoned: true }]);
    expect(messages()).toContain('run abandoned: it did not end when it was told to');

    start();
    await settle();
    expect(runs).toHaveLength(2);
    finish();
    await settle();
    expect(messages()).toContain('an abandoned run has ended after all');
    expect(reports).toHaveLength(1);
  });

  it('that succeeds although it was asked to end has succeeded', async () => {
    const body: JobBody = ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(success)));
    const { start, reports, dispatcher } = stage(body, { timeoutMs: 1 });
    start();
    await dispatcher.idle();
    expect(reports).toMatchObject([{ result: 'success' }]);
  });

  it('that is stopped before it begins never reaches the function', async () => {
    let calls = 0;
    const body: JobBody = () => {
      calls += 1;
      return Promise.resolve(success);
    };
    const { dispatcher, start, reports } = stage(body);
    start();
    dispatcher.stopAll();
    await dispatcher.idle();
    expect(calls).toBe(0);
    expect(reports).toMatchObject([{ result: 'stopped' }]);
  });

  it('goes on when an observer fails, and the failure is logged', async () => {
    const faulty: RunObserver = {
      started: () => Promise.reject(new Error('disk full')),
      ended: () => {
        throw new Error('no');
      },
    };
    const { start, dispatcher, reports, messages } = stage(succeed, {}, { observers: [faulty] });
    start();
    await dispatcher.idle();
    expect(reports).toMatchObject([{ result: 'success' }]);
    expect(messages().filter((message) => message === 'cannot record what happened to a job')).toHaveLength(
      2,
    );
  });
});

describe('a start while the job still runs', () => {
  it('is skipped by default, with one warning for any number of them', async () => {
    const { body, finish } = controlled();
    const { dispatcher, job, start, reports, messages } = stage(body);
    for (let count = 0; count < 50; count += 1) {
      start();
    }
    await settle();
    finish();
    await dispatcher.idle();
    expect(reports).toHaveLength(1);
    expect(job.stats.skipped).toEqual({ overlap: 49 });
    expect(messages().filter((message) => message.startsWith('not starting'))).toHaveLength(1);
  });

  it('runs in parallel with overlap=allow', async () => {
    const { body, finish, runs } = controlled();
    const { dispatcher, job, start, reports } = stage(body, { overlap: 'allow' });
    [1, 2, 3].forEach(start);
    await settle();
    expect(job.running.size).toBe(3);
    runs.forEach(() => finish());
    await dispatcher.idle();
    expect(reports).toHaveLength(3);
  });

  it('takes its place with overlap=replace', async () => {
    const { start, reports, job, dispatcher } = stage(obedient, { overlap: 'replace' });
    start();
    const [first] = job.running.keys();
    await settle();
    start();
    await waitFor(() => reports.length === 1 && job.running.size === 1, { what: 'the second run' });
    expect(reports).toMatchObject([{ result: 'stopped' }]);
    expect([...job.running.keys()]).not.toEqual([first]);
    dispatcher.killAll();
    await dispatcher.idle();
  });

  it('waits for its end with overlap=queue, one at most', async () => {
    const { body, finish, runs } = controlled();
    const { dispatcher, job, start, reports } = stage(body, { overlap: 'queue' });
    [1, 2, 3, 4].forEach(start);
    await settle();
    finish();
    await waitFor(() => runs.length === 2, { what: 'the second run' });
    finish();
    await dispatcher.idle();
    expect(reports).toHaveLength(2);
    expect(job.stats.skipped).toEqual({ 'queue-full': 2 });
  });

  it('is dropped when the scheduler is stopping, and no retry is begun', async () => {
    const fail: JobBody = () => Promise.reject(new Error('no'));
    const { dispatcher, job, start, reports, stopping } = stage(fail, { retries: 5, retryDelayMs: 60_000 });
    start();
    await settle();
    stopping.abort();
    start();
    await dispatcher.idle();
    expect(reports).toMatchObject([{ result: 'failure', attempts: 1 }]);
    expect(job.stats.skipped).toEqual({ stopping: 1 });
  });
});

describe('the drain at the end', () => {
  it('waits for runs within the grace', async () => {
    const clock = createFakeClock();
    const { body, finish } = controlled();
    const { dispatcher, start, reports, log } = stage(body, {}, { clock });
    start();
    await settle();
    const drained = drain(dispatcher, 20_000, new AbortController().signal, clock, log);
    await clock.advance(19_000);
    finish();
    await drained;
    expect(reports).toMatchObject([{ result: 'success' }]);
  });

  it.each([
    ['one that ends when it is asked to', obedient, false, 0],
    ['one that ignores that', deaf, true, 6000],
  ])(
    'ends %s within six seconds of the grace, whatever its own kill-after',
    async (_, body, abandoned, ms) => {
      const clock = createFakeClock();
      const { dispatcher, start, reports, log } = stage(body, { killAfterMs: 3_600_000 }, { clock });
      start();
      await settle();
      const began = clock.now();
      let drained = false;
      const noteDrained = () => {
        drained = true;
      };
      drain(dispatcher, 20_000, new AbortController().signal, clock, log).then(noteDrained, noteDrained);
      await clock.advance(20_000);
      for (const step of [4000, 2000]) {
        if (!drained) {
          await clock.advance(step);
        }
      }
      expect(drained).toBe(true);
      expect(clock.now() - began).toBe(20_000 + ms);
      expect(reports).toMatchObject([{ result: 'stopped', abandoned }]);
    },
  );
});
