import { setFlagsFromString } from 'node:v8';
import { type Clock, systemClock } from '../core/clock.ts';
import type { CommandContext, ExitStatus } from '../core/command.ts';
import type { Log } from '../core/log/log.ts';
import type { Secrets } from '../core/log/secrets.ts';
import { addProcessMetrics, createRegistry, type MetricsRegistry } from '../core/metrics/metrics.ts';
import { createLifecycle, type Lifecycle } from '../core/process/lifecycle.ts';
import { AFTER_GRACE_MS, drain } from '../scheduler/runs/drain.ts';
import type { RunObserver } from '../scheduler/runs/job.ts';
import { createScheduler, type Scheduler } from '../scheduler/scheduler.ts';
import type { StateFile } from '../scheduler/state/state-file.ts';
import type { Zone } from '../scheduler/time/zone.ts';
import { zoneDataVersions } from '../scheduler/time/zone-data.ts';
import type { RunValues } from './cli/options.ts';
import { podName } from './cli/rules.ts';
import { runBelowInit } from './init-process.ts';
import { observeAsSupercronic, observeScheduler, registerJobMetrics } from './job-metrics.ts';
import type { CronSpec } from './jobs/cron-spec.ts';
import { formatFinding, MAX_SHOWN } from './jobs/findings.ts';
import type { LoadedJobs } from './jobs/load-jobs.ts';
import { createCronLog } from './logging.ts';
import { createReloader, type Reloader } from './reloader.ts';
import { createRunEnvironment, type RunEnvironment } from './run-environment.ts';
import { startCronHttp } from './serve-http.ts';
import { renderStatus } from './status.ts';
import { fileIdentity, watchFile } from './watch-file.ts';

/** Where the jobs come from: a file that may change, or RUNAT. */
export interface JobSource {
  readonly label: string;
  /** Absolute; undefined for RUNAT. */
  readonly path: string | undefined;
  load(): Promise<LoadedJobs>;
}

export interface SchedulerInput {
  readonly context: CommandContext;
  readonly values: RunValues;
  readonly source: JobSource;
  readonly zone: Zone;
}

/** What all parts of the running scheduler share. */
interface SchedulerContext extends SchedulerInput {
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
export async function runScheduler(input: SchedulerInput): Promise<ExitStatus> {
  const { context, values, source } = input;
  const { secrets } = context;
  const log = createCronLog(values, secrets);
  const below = await runBelowInit(context.env, values.noReap, log);
  if (below !== undefined) {
    return below;
  }
  keepHeapSmall();
  const known = source.path === undefined ? '' : await fileIdentity(source.path);
  const loaded = await source.load();
  logFindings(log, loaded);
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
  const startedAt = clock.now();
  return runUntilStopped({ ...input, clock, log, secrets, registry, lifecycle, startedAt, known }, loaded);
}

/**
 * Starting a program copies the page tables of the heap and makes its next writes fault: a young generation that may
 * grow to 16 MiB costs a thousand jobs a minute 20 MiB and a millisecond for each start. A scheduler allocates little.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function runUntilStopped(cron: SchedulerContext, loaded: LoadedJobs): Promise<number> {
  const { values, source, zone, clock, log, lifecycle } = cron;
  const state = await openState(cron);
  lifecycle.onShutdown('state file', () => state?.flush());
  const failed: { exitCode: number | undefined } = { exitCode: undefined };
  const { dispatcher, notifier, specOf, scheduler, metrics } = assemble(cron, state, (exitCode) => {
    failed.exitCode ??= exitCode;
    void lifecycle.shutdown('a job failed');
  });
  scheduler.load(loaded.jobs.map(specOf));
  metrics.jobs.set(loaded.jobs.length);
  const reloader = createReloader({
    source,
    log,
    clock,
    metrics,
    initial: loaded,
    apply(jobs) {
      const { added } = scheduler.load(jobs.map(specOf));
      scheduler.catchUp(state?.missed(added, clock.now()) ?? []);
    },
    logFindings: (reloaded) => logFindings(log, reloaded),
  });
  const zoneData = await zoneDataVersions();
  await serveHttp(cron, scheduler, reloader, zoneData);
  lifecycle.onShutdown('pings', notifier.idle);
  lifecycle.onShutdown('jobs', (deadline) => drain(dispatcher, values.grace, deadline, clock, log));
  reloadWhenAsked(cron, reloader);
  log.info('scheduling', { source: source.label, jobs: loaded.jobs.length, zone: zone.name, zoneData });
  await scheduler.start(state?.missed(scheduler.entries(), clock.now()) ?? []);
  const report = await lifecycle.shutdown('stopped');
  lifecycle.dispose();
  log.info('stopped', { seconds: Math.round(report.durationMs / 100) / 10 });
  return failed.exitCode ?? 0;
}

/** Loaded only where catching up is asked for. */
async function openState({ values, log }: SchedulerContext): Promise<StateFile | undefined> {
  if (values.stateFile === '') {
    return undefined;
  }
  const { openStateFile } = await import('../scheduler/state/state-file.ts');
  return openStateFile(values.stateFile, log);
}

interface Parts extends RunEnvironment {
  readonly scheduler: Scheduler<CronSpec>;
  readonly metrics: ReturnType<typeof observeScheduler>['metrics'];
}

function assemble(
  cron: SchedulerContext,
  state: StateFile | undefined,
  onFailure: (exitCode: number) => void,
): Parts {
  const { values, zone, clock, log, registry, lifecycle } = cron;
  const own = observeScheduler(registry);
  const environment = createRunEnvironment({
    ...cron,
    observers: (notifier) => [
      ...(state === undefined ? [] : [state]),
      own,
      notifier,
      ...(values.metricsCompat || values.listen !== '' ? [observeAsSupercronic(registry)] : []),
      ...(values.exitOnFailure ? [failureObserver(lifecycle, onFailure)] : []),
    ],
  });
  const scheduler = createScheduler<CronSpec>({
    clock,
    log,
    warnings: environment.warnings,
    dispatcher: environment.dispatcher,
    signal: lifecycle.signal,
    defaultZone: zone,
    podName: podName(values),
  });
  registerJobMetrics(registry, scheduler.entries, scheduler.retired, environment.notifier.sent);
  return { ...environment, scheduler, metrics: own.metrics };
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
  cron: SchedulerContext,
  scheduler: Scheduler<CronSpec>,
  reloader: Reloader,
  zoneData: Awaited<ReturnType<typeof zoneDataVersions>>,
): Promise<void> {
  const { values, log, registry, secrets, lifecycle, source, zone, startedAt } = cron;
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

function logFindings(log: Log, { warnings, jobs }: LoadedJobs): void {
  for (const warning of warnings.slice(0, MAX_SHOWN)) {
    log.warn(formatFinding(warning));
  }
  if (warnings.length > MAX_SHOWN) {
    log.warn('there are more warnings: see pillion cron test', { more: warnings.length - MAX_SHOWN });
  }
  if (jobs.length === 0) {
    log.warn('there are no jobs');
  }
}

function reloadWhenAsked(cron: SchedulerContext, reloader: Reloader): void {
  const { source, values, clock, lifecycle, known } = cron;
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
