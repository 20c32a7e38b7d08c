/** Health, status, metrics and the trigger of the running `pillion backup`. */
import { resolve } from 'node:path';
import type { MetricsRegistry } from '../../core/metrics/metrics.ts';
import type { Scope } from '../../core/process/run-process.ts';
import type { RunEnd } from '../../scheduler/job-body.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import { BACKUP_GAUGES } from '../metrics.ts';
import type { BackupValues } from '../options/backup.ts';
import type { ProgressKeeper } from '../progress.ts';
import { serve } from '../serve.ts';
import { type BackupView, iso, renderFacts } from './view.ts';

export interface BackupServer {
  readonly values: BackupValues;
  readonly scope: Scope;
  readonly view: BackupView;
  readonly progress: ProgressKeeper;
  readonly scheduler: Scheduler;
  readonly onDemand: () => Promise<RunEnd>;
}

/** The timer loop ticks at least every 30 s; one that has not for three times that is stuck. */
const STUCK_MS = 90_000;

export async function serveBackups(server: BackupServer): Promise<void> {
  const { values, scope, view, progress, scheduler } = server;
  const { httpBind: bind, httpMetrics, triggerTokenFile, maxAge } = values;
  const registry = bind !== '' && httpMetrics ? await scope.registry() : undefined;
  if (registry !== undefined) {
    await registerGauges(registry, server);
  }
  const due = () =>
    scheduler
      .entries()
      .map((entry) => ({ job: entry.spec.name, schedule: entry.spec.scheduleText, next: iso(entry.due) }));
  const init = {
    bind,
    registry,
    live: () => ({ ok: scheduler.sinceTick() < STUCK_MS, reason: 'the scheduler is stuck' }),
    ready: () => {
      const reason = view.staleness(maxAge);
      return { ok: reason === undefined, reason };
    },
    status: () => ({
      command: 'backup',
      ...renderFacts(view.facts()),
      progress: progress.current() ?? null,
      jobs: due(),
      stopping: scope.lifecycle.signal.aborted,
    }),
    routes: triggerTokenFile === '' ? [] : [await trigger(server)],
  };
  await serve(init, scope);
}

async function trigger({ values, scope, view, onDemand }: BackupServer) {
  const { triggerRoute } = await import('./trigger.ts');
  return triggerRoute({
    // In full: another thread would find it where a walk of the volume is at that moment.
    path: resolve(values.triggerTokenFile),
    log: scope.log,
    secrets: scope.secrets,
    async backUp() {
      const { result } = await onDemand();
      return { ok: result === 'success', report: renderFacts(view.facts()) };
    },
  });
}

async function registerGauges(
  registry: MetricsRegistry,
  { view, progress, scheduler }: BackupServer,
): Promise<void> {
  const { readMetrics } = await import('../../core/metrics/metrics.ts');
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  readMetrics(BACKUP_GAUGES, registry, {
    runs: () =>
      Object.entries(view.facts().results).map(([result, value]) => ({ labels: { result }, value })),
    lastAttempt: () => seconds(view.facts().lastAttemptAt),
    lastSuccess: () => seconds(view.facts().lastSuccessAt),
    lastDuration: () => seconds(view.facts().lastDurationMs),
    files: () => view.facts().lastOutcome?.files,
    bytes: () => view.facts().lastOutcome?.bytes,
    added: () => view.facts().lastOutcome?.added,
    changing: () => view.facts().lastOutcome?.changing,
    nextRun: () => seconds(scheduler.entries().find(({ spec }) => spec.name === 'backup')?.due),
    percent: () => progress.current()?.percent,
    lastVerify: () => seconds(view.facts().lastVerifyAt),
    problems: () => view.facts().problems,
    lastDrill: () => seconds(view.facts().lastDrillAt),
  });
}
