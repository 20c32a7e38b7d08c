import type { CommandContext, ExitStatus } from '../core/command.ts';
import { fileIdentity } from '../core/files/watch-file.ts';
import type { Log } from '../core/log/log.ts';
import type { MetricsRegistry } from '../core/metrics/registry.ts';
import { keepHeapSmall } from '../core/process/lean.ts';
import type { Lifecycle } from '../core/process/lifecycle.ts';
import { type ProcessOptions, runProcess, type Scope } from '../core/process/run-process.ts';
import { AFTER_GRACE_MS, drain } from '../scheduler/runs/drain.ts';
import type { RunObserver } from '../scheduler/runs/job.ts';
import { createScheduler, type Scheduler } from '../scheduler/scheduler.ts';
import type { StateFile } from '../scheduler/state/state-file.ts';
import type { Zone } from '../scheduler/time/zone.ts';
import { zoneDataVersions } from '../scheduler/time/zone-data.ts';
import type { RunValues } from './cli/options.ts';
import { podName } from './cli/rules.ts';
import { becomeInit } from './init-process.ts';
import { observeAsSupercronic, observeScheduler, registerJobMetrics } from './job-metrics.ts';
import type { CronSpec } from './jobs/cron-spec.ts';
import { formatFinding, MAX_SHOWN } from './jobs/findings.ts';
import type { LoadedJobs } from './jobs/load-jobs.ts';
import { logOptions } from './logging.ts';
import { reloadWhenAsked } from './reload-triggers.ts';
import { createReloader, type Reloader } from './reloader.ts';
import { createRunEnvironment, type RunEnvironment } from './run-environment.ts';
import { startCronHttp } from './serve-http.ts';
import { renderStatus } from './status.ts';

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
interface SchedulerContext extends Scope, Omit<SchedulerInput, 'context'> {
  readonly metricsRegistry: MetricsRegistry;
  readonly startedAt: number;
  /** Identity of the file before it was read. */
  readonly known: string;
}

/** Runs the jobs of a source until a signal ends it: exit code 0, or that of a failed job where it was asked for. */
export async function runScheduler(input: SchedulerInput): Promise<ExitStatus> {
  const { context, values, source } = input;
  const withoutInit = await becomeInit(context.env, values.noReap);
  // Starting a program copies the page tables of the heap and makes its next writes fault: a young generation that may
  // grow to 16 MiB costs a thousand jobs a minute 20 MiB and a millisecond for each start. A scheduler allocates little.
  keepHeapSmall();
  const known = source.path === undefined ? '' : await fileIdentity(source.path);
  const loaded = await source.load();
  const options: ProcessOptions = {
    context,
    log: logOptions(values),
    graceMs: values.grace + AFTER_GRACE_MS,
    ownSignals: ['SIGHUP', 'SIGUSR2', 'SIGQUIT'],
    failureMessage: 'the scheduler has failed',
    exitStatus: (code) => code,
  };
  return runProcess(options, async (scope) => {
    if (withoutInit) {
      scope.log.warn('running as PID 1 without an init program: orphans of jobs stay as zombies', {
        hint: 'put tini into the image, or set shareProcessNamespace',
      });
    }
    const metricsRegistry = await scope.registry();
    const startedAt = scope.clock.now();
    return runUntilStopped({ ...input, ...scope, metricsRegistry, startedAt, known }, loaded);
  });
}

async function runUntilStopped(cron: SchedulerContext, loaded: LoadedJobs): Promise<number> {
  const { values, source, zone, clock, log, lifecycle } = cron;
  logFindings(log, loaded);
  if (values.sentryDsn !== '' || values.sentryDsnAlias !== '') {
    log.warn('nothing is sent to Sentry', { hint: 'use ping=URL or on-failure=URL of a job' });
  }
  const state = await openState(cron);
  lifecycle.onShutdown('state file', () => state?.flush());
  const failed: { exitCode: number | undefined } = { exitCode: undefined };
  const { dispatcher, notifier, specOf, scheduler, metrics } = assemble(cron, state, (exitCode) => {
    failed.exitCode ??= exitCode;
    lifecycle.shutdown('a job failed').catch(() => undefined); // what fails is in its report
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
  const triggers = { path: source.path, known: cron.known, watch: values.watch, clock, lifecycle };
  const watching = reloadWhenAsked(triggers, reloader);
  log.info('scheduling', { source: source.label, jobs: loaded.jobs.length, zone: zone.name, zoneData });
  const scheduling = scheduler.start(state?.missed(scheduler.entries(), clock.now()) ?? []);
  await Promise.all([scheduling, watching]);
  const { durationMs } = await lifecycle.shutdown('stopped');
  log.info('stopped', { seconds: Math.round(durationMs / 100) / 10 });
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
  const { values, zone, clock, log, metricsRegistry, lifecycle } = cron;
  const own = observeScheduler(metricsRegistry);
  const environment = createRunEnvironment({
    scope: cron,
    values,
    observers: (notifier) => [
      ...(state === undefined ? [] : [state]),
      own,
      notifier,
      ...(values.metricsCompat || values.listen !== '' ? [observeAsSupercronic(metricsRegistry)] : []),
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
  registerJobMetrics(metricsRegistry, scheduler.entries, scheduler.retired, environment.notifier.sent);
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
  const { values, log, metricsRegistry, secrets, lifecycle, source, zone, startedAt } = cron;
  await startCronHttp({
    values,
    log,
    registry: metricsRegistry,
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
