/** One process that syncs one repository: what belongs to the process, and how the parts are put together. */
import type { CommandContext, ExitStatus } from '../core/command.ts';
import type { LogOptions } from '../core/log/log.ts';
import { collectStart } from '../core/process/lean.ts';
import { runProcess, type Scope } from '../core/process/run-process.ts';
import { addUser } from '../git/user.ts';
import { adviceIn } from './cli/advice.ts';
import type { LogNote } from './cli/result.ts';
import { hookEnvironment } from './cli/secret-variables.ts';
import { createErrorFile, type ErrorFile } from './error-file.ts';
import { GIT_SYNC_FORMAT, GLOG_FORMAT } from './log-formats.ts';
import { createLoop, type SyncLoop } from './loop.ts';
import { behaviourOf } from './process-behaviour.ts';
import { startServer } from './server.ts';
import type { GitSyncSettings } from './settings.ts';
import { logGitVersion, logStartup, requireGit } from './startup.ts';
import type { SyncObserver } from './sync/events.ts';
import { createSyncMessages } from './sync/observers/messages.ts';
import { absolute } from './sync/publishing/layout.ts';
import { requireOwnFile } from './sync/publishing/own-file.ts';
import { createSyncer } from './sync/syncer.ts';
import { umaskOf } from './sync/umask.ts';
import type { Receiver } from './triggers/receiver/receiver.lazy.ts';
import { requestOnSignal } from './triggers/signal.ts';
import { createTrigger, type Trigger } from './triggers/trigger.ts';
import { shareOf } from './waits.ts';

export interface GitSyncRun {
  readonly settings: GitSyncSettings;
  readonly notes: readonly LogNote[];
  readonly context: CommandContext;
}

function logOptions(
  { dialect, verbosity }: GitSyncSettings,
  errorFile: ErrorFile,
): Omit<LogOptions, 'secrets'> {
  return {
    format: dialect === 'v3' ? GLOG_FORMAT : GIT_SYNC_FORMAT,
    verbosity,
    adviseAs: (hint) => adviceIn(dialect, hint),
    // Errors of hooks are not the sync's.
    onError: (record) => (record.logger === '' ? errorFile.write(record) : undefined),
  };
}

/** Runs git-sync from its settings to its end. */
export async function runGitSync(run: GitSyncRun): Promise<ExitStatus> {
  const { settings, context } = run;
  const errorFile = createErrorFile({
    root: settings.root,
    path: absolute(settings.errorFile, settings.root),
    onFailure: (why) => context.stderr(`cannot write the error file: ${why}\n`),
  });
  let loop: SyncLoop | undefined;
  // As with git-sync: an interrupt is the expected end of a sync that has nothing more to do.
  const isExpected = (signal: NodeJS.Signals) =>
    signal === 'SIGINT' && loop?.status().nextPassAt === Number.POSITIVE_INFINITY;
  const status = await runProcess(
    {
      context,
      log: logOptions(settings, errorFile),
      ...behaviourOf(settings),
      exitStatus: (code, signal) => (signal === undefined || isExpected(signal) ? code : { signal }),
    },
    async (scope) => {
      await prepareProcess(run, scope);
      loop = await assemble(run, scope, errorFile);
      return loop.run();
    },
  );
  await errorFile.settled();
  return status;
}

/** What holds for the whole process, in the order that git-sync's users know. */
async function prepareProcess({ settings, notes, context }: GitSyncRun, { log }: Scope): Promise<void> {
  logStartup(log, settings, notes);
  await requireGit(settings.git, context.env);
  process.umask(umaskOf(settings));
}

async function assemble(
  { settings, context }: GitSyncRun,
  scope: Scope,
  errorFile: ErrorFile,
): Promise<SyncLoop> {
  const { log, clock, lifecycle } = scope;
  await requireOwnFile(settings, '--error-file', settings.errorFile);
  const trigger = createTrigger();
  const messages = createSyncMessages(settings, log);
  const home = context.env.HOME ?? context.cwd;
  listenToSignal(settings, trigger, scope);
  if (settings.addUser) {
    await addUser(home, log);
  }
  const receiver = await receiverOf(settings, trigger, scope);
  const observers = [
    ...(await metricsOf(settings, scope)),
    messages.observe,
    observeErrorFile(errorFile),
    ...(receiver === undefined ? [] : [receiver.observe]),
  ];
  const syncer = await createSyncer(settings, {
    ...scope,
    env: context.env,
    hookEnv: hookEnvironment(context.env, settings),
    home,
    stop: lifecycle.signal,
    observers,
  });
  // The last that is registered is run first.
  for (const { name, run, lastChanceMs } of syncer.closing.toReversed()) {
    lifecycle.onShutdown(name, run, lastChanceMs);
  }
  const loop = createLoop({
    atFirstRest: collectStart,
    syncer,
    schedule: settings,
    trigger,
    messages,
    clock,
    log,
    share: shareOf(),
    stop: lifecycle.signal,
  });
  syncer.watchPins(() => trigger.request('rollback'));
  await startServer({ settings, scope, syncer, loop });
  await receiver?.listen();
  logGitVersion(settings.git, scope);
  return loop;
}

function listenToSignal({ syncOnSignal }: GitSyncSettings, trigger: Trigger, { log }: Scope): void {
  if (syncOnSignal !== undefined) {
    requestOnSignal(trigger, syncOnSignal, log);
  }
}

/** A single sync is not asked for again: an init container may have the flags of the sidecar after it. */
async function receiverOf(
  settings: GitSyncSettings,
  trigger: Trigger,
  scope: Scope,
): Promise<Receiver | undefined> {
  if (settings.trigger === undefined || settings.oneTime) {
    return undefined;
  }
  const { createReceiver } = await import('./triggers/receiver/receiver.lazy.ts');
  const count = settings.http?.metrics
    ? (await import('./telemetry.ts')).createTriggerMetrics(await scope.registry())
    : () => {};
  return createReceiver({ ...settings.trigger, spec: settings, scope, trigger, count });
}

/** Nothing is counted, or loaded for it, when it cannot be scraped. */
async function metricsOf({ http }: GitSyncSettings, scope: Scope): Promise<SyncObserver[]> {
  if (!http?.metrics) {
    return [];
  }
  const { createSyncMetrics } = await import('./telemetry.ts');
  return [createSyncMetrics(await scope.registry())];
}

/** The error file is removed after each pass that went well; errors are written to it where they are logged. */
export function observeErrorFile(errorFile: ErrorFile): SyncObserver {
  return (event) => {
    if (event.kind === 'pass-ended' && event.ok) {
      errorFile.remove();
    }
  };
}
