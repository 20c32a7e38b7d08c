import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import { backoff } from '../core/retry.ts';
import type { ActiveRun, JobStats, RunObserver, RunReport } from '../scheduler/runs/job.ts';
import type { WarnLimit } from '../scheduler/runs/warn-limit.ts';
import type { CronSpec } from './jobs/cron-spec.ts';
import { pingAddress } from './jobs/ping-addresses.ts';

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
const RETRY = backoff({ initialMs: 1000, maxMs: 10_000, jitter: 0.5 });

/** Pings and webhooks of a job that were sent, or given up. */
export interface PingCounts {
  success: number;
  failure: number;
}

type Run = ActiveRun<CronSpec>;

export interface Notifier extends RunObserver<CronSpec> {
  /** Resolves when everything has been sent or given up. */
  readonly idle: () => Promise<void>;
  /** What was sent for the job that has these counts. */
  readonly sent: (stats: JobStats) => Readonly<PingCounts>;
}

export interface NotifierContext {
  readonly clock: Clock;
  readonly warnings: WarnLimit;
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when nothing is to be sent any more. */
  readonly signal: AbortSignal;
}

interface Message {
  readonly url: string;
  readonly body: string;
  readonly json: boolean;
}

/** Sends the pings and webhooks that jobs ask for; no run waits for them: a slow receiver delays nothing. */
export function createNotifier(context: NotifierContext): Notifier {
  const sending = new Set<Promise<void>>();
  const counts = new WeakMap<JobStats, PingCounts>();

  function countsOf(stats: JobStats): PingCounts {
    const found = counts.get(stats) ?? { success: 0, failure: 0 };
    counts.set(stats, found);
    return found;
  }

  function send(run: Run, configured: string | undefined, suffix: string, text: string, json: boolean): void {
    const base = configured === undefined ? undefined : resolveUrl(configured, run, context);
    if (base === undefined) {
      return;
    }
    const url = suffix === '' ? base : withSuffix(base, suffix);
    const sent = post({ url, body: text, json }, context).then(
      () => {
        countsOf(run.stats).success += 1;
      },
      (error: unknown) => {
        countsOf(run.stats).failure += 1;
        context.warnings.warn(run.spec.name, 'cannot send a ping', { error: errorMessage(error) });
      },
    );
    sending.add(sent);
    const forget = () => sending.delete(sent);
    sent.then(forget, forget);
  }

  return {
    started(run) {
      send(run, run.spec.source.options.ping, 'start', '', false);
    },
    ended(run, report) {
      const { ping, onSuccess, onFailure } = run.spec.source.options;
      if (report.result === 'stopped') {
        return; // this says nothing about the job: its next run will
      }
      const ok = report.result === 'success';
      send(
        run,
        ping,
        ok ? '' : 'fail',
        `${report.text} after ${(report.durationMs / 1000).toFixed(1)} s`,
        false,
      );
      send(run, ok ? onSuccess : onFailure, '', webhookBody(run, report), true);
    },
    async idle() {
      await Promise.all(sending);
    },
    sent: countsOf,
  };
}

function resolveUrl(configured: string, run: Run, context: NotifierContext): string | undefined {
  const url = pingAddress(configured, run.spec.source.env, context.env);
  if (url === undefined) {
    context.warnings.warn(run.spec.name, 'cannot send a ping', { error: `${configured} holds no URL` });
  }
  return url;
}

function withSuffix(base: string, suffix: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${suffix}`;
  return url.href;
}

function webhookBody(run: Run, report: RunReport): string {
  const { result, exitCode, signal, attempts, durationMs, outputBytes } = report;
  return JSON.stringify({
    job: run.spec.name,
    run: run.id,
    host: hostname(),
    cause: run.cause,
    schedule: run.spec.scheduleText,
    scheduledAt: new Date(run.scheduled).toISOString(),
    startedAt: new Date(run.startedAt).toISOString(),
    durationMs: Math.round(durationMs),
    result,
    exitCode,
    signal,
    attempts,
    outputBytes,
  });
}

/** Redirects, proxies and certificate authorities as for every request; a receiver that refuses is not asked again. */
async function post({ url, body, json }: Message, { env, clock, signal }: NotifierContext): Promise<void> {
  const { deliver } = await import('../core/http/client.ts');
  await deliver(
    {
      method: 'POST',
      url,
      body,
      headers: { 'content-type': json ? 'application/json' : 'text/plain; charset=utf-8' },
      timeoutMs: TIMEOUT_MS,
      signal,
      env,
      userAgent: 'pillion-cron',
    },
    { attempts: ATTEMPTS, delays: RETRY, clock },
  );
}
