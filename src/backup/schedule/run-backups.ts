/** The sidecar: backups by the clock, on demand and at the end, until a signal ends it. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { createDispatcher } from '../../scheduler/runs/dispatcher.ts';
import { drain } from '../../scheduler/runs/drain.ts';
import { createWarnLimit } from '../../scheduler/runs/warn-limit.ts';
import { createScheduler } from '../../scheduler/scheduler.ts';
import { backupSpec } from '../make/spec.ts';
import type { Engine } from '../model.ts';
import type { BackupValues } from '../options/backup.ts';
import { createProgress } from '../progress.ts';
import { processOptionsOf, withEngine } from '../with-engine.ts';
import type { WorkDir } from '../work-dir.ts';
import { createBodies } from './bodies.ts';
import { jobsOf, podName, zoneOf } from './plan.ts';
import { type BackupServer, serveBackups } from './serve.ts';
import { type BackupView, createView } from './view.ts';

export interface Target {
  readonly volume: string;
  readonly name: string;
}

/** Of the grace: for the post hooks, the log and the HTTP server. */
const AFTER_LAST_MS = 3000;

export function runBackups(
  context: CommandContext,
  values: BackupValues,
  target: Target,
): Promise<ExitStatus> {
  const never = { backup: none, verify: none, drill: none };
  // Mistakes are told before anything is made.
  if (!values.oneTime) {
    jobsOf(values, never);
  }
  zoneOf(values);
  return runProcess(processOptionsOf(context, values, 'cannot back up'), (scope) =>
    withEngine(values, target.name, scope, (engine, workDir) =>
      work({ values, target, engine, workDir, scope }),
    ),
  );
}

const none = () => Promise.reject(new Error('not a body'));

interface Work {
  readonly values: BackupValues;
  readonly target: Target;
  readonly engine: Engine;
  readonly workDir: WorkDir;
  readonly scope: Scope;
}

async function work({ values, target, engine, workDir, scope }: Work): Promise<number> {
  const { log, clock, lifecycle, context } = scope;
  const view = createView(clock);
  const progress = createProgress(log, clock);
  const spec = backupSpec(values, { ...target, workDir: workDir.path }, context.env);
  const verifyShare = values.verifyPercent / 100;
  const bodies = createBodies({ spec, engine, scope, view, progress, verifyShare });
  if (values.oneTime) {
    const { result } = await withSignal(lifecycle.signal, { timeoutMs: values.backupTimeout }, (signal) =>
      bodies.backUp({ signal, deadline: lifecycle.deadline }),
    );
    return result === 'success' ? 0 : 1;
  }
  const warnings = createWarnLimit(log, clock);
  const dispatcher = createDispatcher({
    clock,
    log,
    warnings,
    stopping: lifecycle.signal,
    failureMessage: 'the job has failed',
    observers: [],
  });
  const scheduler = createScheduler({
    clock,
    log,
    warnings,
    dispatcher,
    signal: lifecycle.signal,
    defaultZone: zoneOf(values),
    podName: podName(),
  });
  scheduler.load(jobsOf(values, bodies));
  const onDemand = () => bodies.backUp(lifecycle);
  await serveBackups({ values, scope, view, progress, scheduler, onDemand } satisfies BackupServer);
  const checking = checkAtStart(engine, view, scope);
  log.info('backing up', { volume: target.volume, name: target.name, jobs: nextOf(scheduler) });
  await scheduler.start([]);
  await checking;
  await drain(dispatcher, values.onStop ? 0 : drainMs(values.grace), lifecycle.deadline, clock, log);
  return values.onStop ? await backUpAtEnd(values, bodies, scope) : 0;
}

const drainMs = (graceMs: number): number => Math.max(0, graceMs - AFTER_LAST_MS);

function nextOf(scheduler: {
  entries(): readonly { readonly spec: { readonly name: string }; readonly due: number | undefined }[];
}) {
  return scheduler.entries().map(({ spec, due }) => ({
    job: spec.name,
    next: due === undefined ? null : new Date(due).toISOString(),
  }));
}

/** A wrong key or address is told when the pod starts, not in the night. */
async function checkAtStart(engine: Engine, view: BackupView, { log, lifecycle }: Scope): Promise<void> {
  try {
    const state = await engine.state(lifecycle.signal);
    if (state.kind === 'HAS') {
      const [newest] = state.snapshots;
      view.found(newest?.time ?? 0);
      log.info('the repository has snapshots of the volume', {
        snapshots: state.snapshots.length,
        newest: newest?.id,
      });
    } else if (state.kind === 'UNKNOWN') {
      const { message, hint } = state.reason;
      log.warn('the repository cannot be asked yet', { reason: message, hint });
    }
  } catch (error) {
    log.at(1, 'did not look at the repository', { error: String(error) });
  }
}

/** In a native sidecar the application has ended by now, so that nothing changes any more. */
async function backUpAtEnd(
  { grace }: BackupValues,
  { backUp }: ReturnType<typeof createBodies>,
  { log, lifecycle }: Scope,
): Promise<number> {
  log.info('backing up before the end', { graceSeconds: grace / 1000 });
  const until = new AbortController().signal;
  const { result } = await withSignal(until, { timeoutMs: drainMs(grace) }, (signal) =>
    backUp({ signal, deadline: lifecycle.deadline }),
  );
  return result === 'success' ? 0 : 1;
}
