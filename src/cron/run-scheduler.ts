import { setFlagsFromString } from 'node:v8';
import { type Clock, systemClock } from '../core/clock.ts';
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { createLifecycle, type Lifecycle } from '../core/lifecycle.ts';
import type { Log } from '../core/log/log.ts';
import { createSecrets, type Secrets } from '../core/log/secrets.ts';
import { addProcessMetrics, createRegistry, type MetricsRegistry } from '../core/metrics/metrics.ts';
import { formatFinding } from '../scheduler/grammar/grammar-error.ts';
import type { Runner } from '../scheduler/runs/dispatcher.ts';
import { AFTER_GRACE_MS, aborted, drain } from '../scheduler/runs/drain.ts';
import type { RunObserver } from '../scheduler/runs/job.ts';
import { createScheduler, type Scheduler } from '../scheduler/scheduler.ts';
import type { StateFile } from '../scheduler/state/state-file.ts';
import type { Zone } from '../scheduler/time/zone.ts';
import { zoneDataVersions } from '../scheduler/time/zone-data.ts';
import type { RunValues } from './command.ts';
import { countZombies, runBelowInit } from './init-process.ts';
import { observeAsSupercronic, observeScheduler, registerJobMetrics } from './job-metrics.ts';
import type { LoadedTable } from './load-jobs.ts';
import { createCronLog } from './logging.ts';
import { podName } from './read-rules.ts';
import { createReloader, type Reloader } from './reloader.ts';
import { createJobRunner } from './run-environment.ts';
import { startCronHttp } from './serve-http.ts';
import { renderStatus } from './status.ts';
import { fileIdentity, watchFile } from './watch-file.ts';

/** Where the jobs come from: a file that may change, or RUNAT. */
export interface JobSource {
  readonly label: string;
  /** Absolute; undefined for RUNAT. */
  readonly path: string | undefined;
  load(): Promise<LoadedTable>;
}

export interface ServeInput {
  readonly context: CommandContext;
  readonly values: RunValues;
  readonly source: JobSource;
  readonly zone: Zone;
}

/** What all parts of the running scheduler share. */
interface House extends ServeInput {
  readonly clock: Clock;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly registry: MetricsRegistry;
  readonly lifecycle: Lifecycle;
  readonly startedAt: number;
  /** Identity of the file before it was read. */
  readonly known: string;
}

/** Runs the jobs of a source until a signal ends it. */
export async function serve(input: ServeInput): Promise<ExitStatus> {
  const { context, values, source } = input;
  const secrets = createSecrets();
  const log = createCronLog(values, secrets);
  const below = await runBelowInit(context.env, values.noReap, log);
  if (below !== undefined) {
    return below;
  }
  keepHeapSmall();
  const known = source.path === undefined ? '' : await fileIdentity(source.path);
  const table = await source.load();
  warnOf(log, table);
  if (values.sentryDsn !== '' || values.sentryDsnAlias !== '') {
    log.warn('nothing is sent to Sentry', { hint: 'use ping=URL or on-failure=URL of a job' });
  }
  const registry = createRegistry();
  addProcessMetrics(registry);
  const lifecycle = createLifecycle({
    graceMs: values.grace + AFTER_GRACE_MS,
    onSignal: (signal, count) => log.info(`received ${signal}, shutting down`, { count }),
  });
  const clock = systemClock;
  return live({ ...input, clock, log, secrets, registry, lifecycle, startedAt: clock.now(), known }, table);
}

/**
 * Starting a program copies the page tables of the heap and makes its next writes fault: a young generation that may
 * grow to 16 MiB costs a thousand jobs a minute 20 MiB and a millisecond for each start. A scheduler allocates little.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function live(house: House, table: LoadedTable): Promise<number> {
  const { values, source, zone, clock, log, lifecycle } = house;
  const state = await openState(house);
  lifecycle.onShutdown('state file', () => state?.flush());
  const failed: { exitCode: number | undefined } = { exitCode: undefined };
  const { runner, scheduler, metrics, pingsIdle } = build(house, state, (exitCode) => {
    failed.exitCode ??= exitCode;
    void lifecycle.shutdown('a job failed');
  });
  scheduler.load(table.jobs);
  metrics.jobs.set(table.jobs.length);
  const reloader = createReloader({
    source,
    log,
    metrics,
    initial: table,
    apply(jobs) {
      const { added } = scheduler.load(jobs);
      scheduler.catchUp(state?.missed(added, clock.now()) ?? []);
    },
    warn: (loaded) => warnOf(log, loaded),
  });
  const zoneData = await zoneDataVersions();
  await serveHttp(house, scheduler, reloader, zoneData);
  lifecycle.onShutdown('pings', pingsIdle);
  lifecycle.onShutdown('jobs', (deadline) => drain(runner, values.grace, deadline, clock, log));
  listen(house, reloader);
  log.info('scheduling', { source: source.label, jobs: table.jobs.length, zone: zone.name, zoneData });
  scheduler.start(state?.missed(scheduler.entries(), clock.now()) ?? []);
  await aborted(lifecycle.signal);
  const report = await lifecycle.shutdown('stopped');
  lifecycle.dispose();
  log.info('stopped', { seconds: Math.round(report.durationMs / 100) / 10 });
  return failed.exitCode ?? 0;
}

/** Loaded only where catching up is asked for. */
async function openState({ values, log }: House): Promise<StateFile | undefined> {
  if (values.stateFile === '') {
    return undefined;
  }
  const { openStateFile } = await import('../scheduler/state/state-file.ts');
  return openStateFile(values.stateFile, log);
}

interface Parts {
  readonly runner: Runner;
  readonly scheduler: Scheduler;
  readonly metrics: ReturnType<typeof observeScheduler>['metrics'];
  readonly pingsIdle: () => Promise<void>;
}

function build(house: House, state: StateFile | undefined, onFailure: (exitCode: number) => void): Parts {
  const { values, zone, clock, log, registry, lifecycle } = house;
  const own = observeScheduler(registry);
  const { runner, notifier, warnings } = createJobRunner({
    ...house,
    observers: (pings) => [
      ...(state === undefined ? [] : [state]),
      own,
      pings,
      ...(values.metricsCompat || values.listen !== '' ? [observeAsSupercronic(registry)] : []),
      ...(values.exitOnFailure ? [failureObserver(lifecycle, onFailure)] : []),
    ],
  });
  const scheduler = createScheduler({
    clock,
    log,
    warnings,
    runner,
    signal: lifecycle.signal,
    defaultZone: zone,
    podName: podName(values),
  });
  registerJobMetrics(registry, scheduler.entries, scheduler.retired);
  registry.addScraped({
    name: 'pillion_cron_zombies',
    help: 'Orphans of jobs that nobody reaps: above 0 only as PID 1 without an init program.',
    type: 'gauge',
    samples: () => [{ value: process.pid === 1 ? countZombies() : 0 }],
  });
  return { runner, scheduler, metrics: own.metrics, pingsIdle: notifier.idle };
}

function failureObserver(lifecycle: Lifecycle, onFailure: (exitCode: number) => void): RunObserver {
  return {
    ended(_run, { result, exitCode }) {
      if (result !== 'success' && !lifecycle.signal.aborted) {
        onFailure(exitCode || 1);
      }
    },
  };
}

async function serveHttp(
  house: House,
  scheduler: Scheduler,
  reloader: Reloader,
  zoneData: Awaited<ReturnType<typeof zoneDataVersions>>,
): Promise<void> {
  const { values, log, registry, secrets, lifecycle, source, zone, startedAt } = house;
  await startCronHttp({
    values,
    log,
    registry,
    redact: (text) => secrets.redact(text),
    lifecycle,
    sinceTickMs: scheduler.sinceTick,
    status: () =>
      renderStatus({
        source: source.label,
        zone: zone.name,
        startedAt,
        zoneData,
        entries: scheduler.entries(),
        retired: scheduler.retired(),
        lastReload: reloader.last(),
        stopping: lifecycle.signal.aborted,
      }),
  });
}

function warnOf(log: Log, table: LoadedTable): void {
  for (const warning of table.warnings) {
    log.warn(formatFinding(warning));
  }
  if (table.jobs.length === 0) {
    log.warn('there are no jobs');
  }
}

function listen({ source, values, clock, lifecycle, known }: House, reloader: Reloader): void {
  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) {
    process.on(signal, () => {
      if (source.path !== undefined && !lifecycle.signal.aborted) {
        void reloader.reload(signal);
      }
    });
  }
  process.on('SIGQUIT', () => void lifecycle.shutdown('received SIGQUIT'));
  if (source.path !== undefined && values.watch) {
    void watchFile(source.path, known, clock, lifecycle.signal, () => reloader.reload('file changed'));
  }
}
