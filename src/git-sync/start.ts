/** Puts one git-sync together, in the order that git-sync's users know: checks, root, credentials, server, loop. */
import { constants as osConstants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../core/clock.ts';
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { errorMessage } from '../core/errors.ts';
import { findProgram } from '../core/exec/which.ts';
import type { Log } from '../core/log/log.ts';
import type { Secrets } from '../core/log/secrets.ts';
import { withoutVariables } from '../core/options/secrecy.ts';
import type { Lifecycle, StopSignal } from '../core/process/lifecycle.ts';
import { runProcess } from '../core/process/run-process.ts';
import { version } from '../core/version.ts';
import { prepareAuthentication } from '../git/auth/authentication.ts';
import { OWNER_VARIABLE } from '../git/environment.ts';
import { GIT_ERRORS } from '../git/errors.ts';
import { withoutPassword } from '../git/public-url.ts';
import { createRemoteProbe } from '../git/remote/probe.ts';
import { createGit } from '../git/run.ts';
import { addUser } from '../git/user.ts';
import { adviceIn } from './cli/advice.ts';
import { SECRET_VARIABLES } from './cli/secret-variables.ts';
import { GIT_SYNC_FORMAT, GLOG_FORMAT } from './log-formats.ts';
import { runLoop } from './loop.ts';
import { startServer } from './server.ts';
import type { GitSyncSettings } from './settings.ts';
import { initialState, type SyncState } from './state.ts';
import { createErrorFile } from './sync/error-file.ts';
import { watchedRef } from './sync/fetch.ts';
import { createHooks } from './sync/hooks/hooks.ts';
import { absolute, layoutOf } from './sync/layout.ts';
import { createTeller } from './sync/messages.ts';
import { earlierPublication, recordPublication } from './sync/publication.ts';
import { createSharedRepository } from './sync/repository/shared-repository.ts';
import { prepareRoot } from './sync/root.ts';
import { createSyncPass } from './sync/sync-pass.ts';
import { createTelemetry } from './telemetry.ts';
import { createWakeUp } from './triggers/signal.ts';

/** Below Kubernetes' default of 30 s, with room for the container runtime. */
const GRACE_MS = 25_000;
/** The signals that end a program without a handler, and that Kubernetes, terminals and supervisors send. */
const STOP_SIGNALS: readonly StopSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

export interface StartInit {
  readonly settings: GitSyncSettings;
  readonly notes: readonly { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly secrets: Secrets;
  readonly context: CommandContext;
}

/** As with git-sync: what asks for a sync does nothing else, whatever it usually means. */
function stopSignals({ syncOnSignal }: GitSyncSettings): readonly StopSignal[] {
  return STOP_SIGNALS.filter((name) => name !== syncOnSignal);
}

function announce(log: Log, { settings, notes }: StartInit): void {
  log.info('starting up', {
    version,
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    home: process.env.HOME ?? '',
    flags: settings.shown,
    dialect: settings.dialect,
  });
  notes.forEach((note) => log.info(note.message, note.fields));
  if (process.pid === 1) {
    log.info(
      'detected pid 1: this works, but processes that a hook leaves behind stay as zombies; start with an init (tini)',
      {},
    );
  }
}

async function requireGit(settings: GitSyncSettings, env: CommandContext['env']): Promise<void> {
  const found = await findProgram(settings.git, env.PATH ?? '');
  if (found === undefined) {
    throw GIT_ERRORS.git_missing({ message: `git executable not found: ${settings.git}` });
  }
}

/** Runs one git-sync from its settings to its end. */
export async function startGitSync(init: StartInit): Promise<ExitStatus> {
  const { settings, context } = init;
  const errorFile = createErrorFile(
    absolute(settings.errorFile, absolute(settings.root, context.cwd)),
    (why) => context.stderr(`cannot write the error file: ${why}\n`),
  );
  const state = initialState(systemClock.now());
  return runProcess(
    {
      context,
      log: {
        format: settings.dialect === 'v3' ? GLOG_FORMAT : GIT_SYNC_FORMAT,
        verbosity: settings.verbosity,
        adviseAs: (hint) => adviceIn(settings.dialect, hint),
        onError: (record) => {
          if (record.logger === '') {
            errorFile.write(record);
          }
        },
      },
      graceMs: GRACE_MS,
      stopSignals: stopSignals(settings),
      ownSignals: settings.syncOnSignal ? [settings.syncOnSignal] : [],
      onSignal: (signal, _count, log) => log.at(1, 'caught signal', { signal }),
      failureMessage: "can't start",
      // As with git-sync: an interrupt is the expected end of a sync that has nothing more to do.
      exitStatus: (code, signal) =>
        signal === undefined || (signal === 'SIGINT' && state.restsForever) ? code : { signal },
    },
    ({ log, lifecycle }) => assembleAndRun({ ...init, log, lifecycle, errorFile, state }),
  );
}

interface AssembleInit extends StartInit {
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly errorFile: ReturnType<typeof createErrorFile>;
  readonly state: SyncState;
}

async function assembleAndRun(init: AssembleInit): Promise<number> {
  const { settings, secrets, context, log, lifecycle, errorFile, state } = init;
  const clock = systemClock;
  // A sidecar waits most of its life: V8's optimising compiler would only bring 3 MiB of itself into memory.
  setFlagsFromString('--no-opt');
  announce(log, init);
  await requireGit(settings, context.env);
  process.umask(settings.groupWrite ? 0o002 : 0o022);
  const root = await prepareRoot(absolute(settings.root, context.cwd), log);
  const link = absolute(settings.link, root);
  const layout = layoutOf(settings.dialect, root);
  state.hasEarlierData = (await earlierPublication(root, link, layout, settings)) !== undefined;
  const telemetry = await createTelemetry(settings, state);

  const wake = createWakeUp();
  if (settings.syncOnSignal) {
    const name = settings.syncOnSignal;
    process.on(name, () => {
      log.at(1, 'caught signal', { signal: name, number: osConstants.signals[name] });
      wake.set();
    });
  }

  const home = context.env.HOME ?? context.cwd;
  if (settings.addUser) {
    await addUser(home, log);
  }
  const authentication = await prepareAuthentication({
    settings,
    secrets,
    log,
    env: context.env,
    home,
    root,
    now: () => clock.now(),
    onRequest: telemetry.credentialRequest,
  });
  lifecycle.onShutdown('authentication', () => authentication.close());
  const teller = createTeller(settings, log);
  const shared = await createSharedRepository({
    root,
    privatePath: authentication.privatePath,
    url: withoutPassword(settings.repo),
    filter: settings.filter,
    log,
    onInit: () => teller.cloning(root),
  });
  lifecycle.onShutdown('repository', () => shared.close());
  let owner = '';
  const git = createGit({
    program: settings.git,
    log,
    env: () => ({ ...authentication.gitEnvironment(), ...shared.env(), [OWNER_VARIABLE]: owner }),
  });
  await startServer({ settings, state, link, log, secrets, lifecycle, telemetry, clock });
  const hooks = createHooks({
    settings,
    clock,
    log,
    env: context.env,
    execEnv: () => ({
      ...withoutVariables(context.env, SECRET_VARIABLES),
      ...authentication.hookVariables(),
    }),
    treePath: layout.treePath,
    onResult: telemetry.hook,
    stop: lifecycle.signal,
  });
  lifecycle.onShutdown('hooks', () => hooks.stopped());
  const probe = createRemoteProbe({
    settings,
    ref: watchedRef(settings),
    git,
    root,
    place: authentication.privatePath,
    agent: `git/pillion-${version}`,
    env: context.env,
    authorization: () => Promise.resolve(authentication.authorization(settings.repo)),
    clock,
  });
  lifecycle.onShutdown('connection to the remote', () => probe.close());
  if (log.enabled(0)) {
    const told = git.run(['version'], { cwd: root, signal: lifecycle.signal }).then(
      (text) => log.info('git version', { version: text }),
      () => {},
    );
    // Even a git that hangs does not outlive us.
    lifecycle.onShutdown('git version', () => told);
  }
  const pass = createSyncPass({
    settings,
    root,
    link,
    layout,
    git,
    shared,
    log,
    clock,
    probe,
    setOwner(id) {
      owner = id;
    },
    onUpdateRequired(facts) {
      telemetry.updateRequired();
      teller.updateRequired({ ...facts, syncCount: state.syncCount });
    },
    onPublishing: (hash) => hooks.publishing(hash),
    onPublished(facts) {
      state.ready = true;
      telemetry.published(facts.remote);
      teller.updated({ ...facts, syncCount: state.syncCount + 1 });
      hooks.published(facts.remote, facts.changed);
      return recordPublication(root, settings, facts.remote).catch((error: unknown) => {
        log.at(1, 'cannot record what was published', { reason: errorMessage(error) });
      });
    },
    inUse: () => hooks.busy().map((hash) => layout.treePath(hash)),
  });
  return runLoop({
    settings,
    pass,
    refresh: authentication.refresh,
    hooks,
    state,
    metrics: telemetry,
    clock,
    log,
    errorFile,
    touchFile: absolute(settings.touchFile, root),
    stop: lifecycle.signal,
    wake,
  });
}
