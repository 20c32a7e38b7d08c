import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHookServer } from '../../test/support/hook-server.ts';
import { createFakeClock } from '../core/testing/fake-clock.ts';
import { createRecordedLog } from '../core/testing/recorded-log.ts';
import { waitFor } from '../core/testing/wait-for.ts';
import { type ActiveRun, createJob, type RunReport } from '../scheduler/runs/job.ts';
import { createWarnLimit } from '../scheduler/runs/warn-limit.ts';
import { type CronSpec, cronSpec } from './jobs/cron-spec.ts';
import { createNotifier } from './notify.ts';
import { jobOf } from './testing/specs.ts';

const SUCCESS: RunReport = {
  result: 'success',
  text: 'exit status 0',
  exitCode: 0,
  signal: undefined,
  attempts: 1,
  durationMs: 1234,
  outputBytes: 5,
  abandoned: false,
};
const FAILURE: RunReport = { ...SUCCESS, result: 'failure', text: 'exit status 3', exitCode: 3 };

/** A receiver that answers with these statuses one after the other; the last one stays. */
async function receiver(statuses: readonly number[] = [200], headers: Record<string, string> = {}) {
  const server = await startHookServer(...statuses.map((status) => ({ status, headers })));
  onTestFinished(() => server.stop());
  return server;
}

function stage(options: string, env: Record<string, string> = {}) {
  const clock = createFakeClock();
  const { log, lines } = createRecordedLog(0);
  const ending = new AbortController();
  const notifier = createNotifier({
    clock,
    env,
    signal: ending.signal,
    warnings: createWarnLimit(log, clock),
  });
  const output = {
    drained: () => Promise.resolve(),
    line: () => undefined,
    leftoversEnded: () => undefined,
    capped: () => undefined,
  };
  const context = { env: {}, output, readEnvFile: () => Promise.resolve({}) };
  const spec = cronSpec(jobOf(`# pillion: name=nightly ${options}\n@daily secret-command\n`), context);
  const { stats } = createJob(spec);
  const run: ActiveRun<CronSpec> = {
    cause: 'schedule',
    scheduled: 0,
    wantedAt: 0,
    id: 'abc',
    spec,
    iteration: 1,
    startedAt: 0,
    stats,
    stop: new AbortController(),
    kill: new AbortController(),
    done: Promise.resolve(),
  };
  return { clock, lines, ending, notifier, run, stats };
}

describe('pings and webhooks of a job', () => {
  it('go to URL/start, URL and URL/fail, and as JSON to the address of that result', async () => {
    const { url, requests } = await receiver();
    const { notifier, run, stats } = stage(`ping=${url}/p?x=1 on-success=${url}/won on-failure=${url}/lost`);
    await notifier.started?.(run);
    await notifier.idle();
    notifier.ended?.(run, SUCCESS);
    await notifier.idle();
    notifier.ended?.(run, FAILURE);
    await notifier.idle();
    const sent = requests.map(({ path, body, headers }) =>
      headers['content-type'] === 'application/json' ? path : `${path} ${body}`,
    );
    expect(sent.slice(0, 1)).toEqual(['/p/start?x=1 ']);
    expect(sent.slice(1, 3).toSorted()).toEqual(['/p?x=1 exit status 0 after 1.2 s', '/won']);
    expect(sent.slice(3).toSorted()).toEqual(['/lost', '/p/fail?x=1 exit status 3 after 1.2 s']);
    const { body = '' } = requests.find(({ path }) => path === '/lost') ?? {};
    expect(JSON.parse(body)).toMatchObject({ job: 'nightly', run: 'abc', result: 'failure', exitCode: 3 });
    expect(requests.map((request) => JSON.stringify(request)).join()).not.toContain('secret-command');
    expect(notifier.sent(stats)).toEqual({ success: 5, failure: 0 });
  });

  it('are sent again after an answer that may pass, and not after one that refuses', async () => {
    const passing = await receiver([503, 502, 200]);
    const { clock, notifier, run, stats } = stage(`ping=${passing.url}/p`);
    await notifier.started?.(run);
    for (const requests of [1, 2, 3]) {
      await waitFor(() => passing.requests.length === requests, { what: `request ${requests}` });
      if (requests < 3) {
        await waitFor(() => clock.waits().length > 0, { what: 'the wait before the next' });
        await clock.advance(60_000);
      }
    }
    await notifier.idle();
    expect(notifier.sent(stats)).toEqual({ success: 1, failure: 0 });

    const refusing = await receiver([404]);
    const refused = stage(`ping=${refusing.url}/p`);
    await refused.notifier.started?.(refused.run);
    await refused.notifier.idle();
    expect(refusing.requests).toHaveLength(1);
    expect(refused.notifier.sent(refused.stats)).toEqual({ success: 0, failure: 1 });
    expect(refused.lines.join()).toContain('cannot send a ping');
  });

  it('follow a redirect, and go through the proxy of the environment', async () => {
    const target = await receiver();
    const { url, requests } = await receiver([307], { location: `${target.url}/moved` });
    const redirected = stage(`ping=${url}/p`);
    await redirected.notifier.started?.(redirected.run);
    await redirected.notifier.idle();
    expect(requests).toHaveLength(1);
    expect(target.requests).toMatchObject([{ path: '/moved' }]);

    const proxy = await receiver();
    const { notifier, run } = stage('ping=http://hooks.example/p', { HTTP_PROXY: proxy.url });
    await notifier.started?.(run);
    await notifier.idle();
    expect(proxy.requests).toMatchObject([{ path: 'http://hooks.example/p/start' }]);
  });

  it('may have their address in a variable, which is not shown where it holds none', async () => {
    const { url, requests } = await receiver();
    const { notifier, run } = stage('ping=$PING', { PING: `${url}/very-secret-id` });
    await notifier.started?.(run);
    await notifier.idle();
    expect(requests).toMatchObject([{ path: '/very-secret-id/start' }]);

    const bad = stage('ping=$PING', { PING: 'hunter2' });
    await bad.notifier.started?.(bad.run);
    await bad.notifier.idle();
    expect(bad.lines.join()).toContain('$PING holds no URL');
    expect(bad.lines.join()).not.toContain('hunter2');
  });

  it('are not sent for a run that was stopped, which says nothing about the job', async () => {
    const { url, requests } = await receiver();
    const { notifier, run } = stage(`ping=${url}/p on-failure=${url}/lost`);
    notifier.ended?.(run, { ...FAILURE, result: 'stopped' });
    await notifier.idle();
    expect(requests).toEqual([]);
  });

  it('leave nothing behind on the signal that ends them, and end with it', async () => {
    const { url } = await receiver();
    const { notifier, run, ending } = stage(`ping=${url}/p`);
    for (let count = 0; count < 20; count += 1) {
      notifier.ended?.(run, SUCCESS);
    }
    await notifier.idle();
    expect(getEventListeners(ending.signal, 'abort')).toEqual([]);

    const failing = await receiver([503]);
    const waiting = stage(`ping=${failing.url}/p`);
    await waiting.notifier.started?.(waiting.run);
    await waitFor(() => waiting.clock.waits().length > 0, { what: 'a wait' });
    waiting.ending.abort(new Error('the end'));
    await waiting.notifier.idle();
    expect(failing.requests).toHaveLength(1);
  });
});
