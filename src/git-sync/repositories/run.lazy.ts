/**
 * A process that syncs the repositories of a file. A bundle of its own: with one repository on the command line nothing of
 * it is loaded.
 */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { fileIdentity, watchFile } from '../../core/files/watch-file.ts';
import { createMetrics } from '../../core/metrics/metrics.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { addUser } from '../../git/user.ts';
import { adviceIn } from '../cli/advice.ts';
import type { ConfigResult } from '../cli/result.ts';
import { GIT_SYNC_FORMAT } from '../log-formats.ts';
import { CONFIG_METRICS } from '../metrics.ts';
import { behaviourOf } from '../process-behaviour.ts';
import { logGitVersion, logStartup } from '../startup.ts';
import { umaskOf } from '../sync/umask.ts';
import { requestOnSignal } from '../triggers/signal.ts';
import type { ProcessConfig } from './config/model.ts';
import { parseConfig } from './config/parse-config.ts';
import { needsRestart } from './needs-restart.ts';
import { createOpener, type Opener } from './open-repository.ts';
import { createReloader, readConfigFile } from './reload.ts';
import { createRepositories, type Repositories } from './repositories.ts';
import { startRepository } from './repository.ts';
import { serve } from './serve.ts';
import { createSlots, type Slots } from './slots.ts';
import { createTriggers } from './triggers.ts';

export interface RepositoriesRun {
  readonly asked: ConfigResult;
  readonly context: CommandContext;
}

/** The file as it was at the start. */
interface Start {
  readonly file: string;
  /** Before it was read: a change between that and now counts. */
  readonly identity: string;
  readonly text: string;
  readonly config: ProcessConfig;
  readonly parse: (text: string) => Promise<ProcessConfig>;
}

async function readStart({ asked, context }: RepositoriesRun): Promise<Start> {
  const { file, given } = asked;
  const parse = async (text: string) => parseConfig(text, file, given, context.secrets);
  const identity = await fileIdentity(file);
  const text = await readConfigFile(file);
  return { file, identity, text, config: await parse(text), parse };
}

/**
 * Runs until a signal ends it; with `--one-time` until each repository was synced once.
 * @throws PillionError `usage` for a file that cannot be used
 */
export async function runRepositories(run: RepositoriesRun): Promise<ExitStatus> {
  const { asked, context } = run;
  const start = await readStart(run);
  const { settings } = start.config;
  let opener: Opener | undefined;
  const status = await runProcess(
    {
      context,
      log: {
        format: GIT_SYNC_FORMAT,
        verbosity: settings.verbosity,
        adviseAs: (hint) => adviceIn('v4', hint),
        // Errors of hooks are not the sync's: their logger has a longer name.
        onError: (record) => opener?.errorFile(record.logger)?.write(record),
      },
      ...behaviourOf(settings),
      exitStatus: (code, signal) => (signal === undefined ? code : { signal }),
    },
    async (scope) => {
      logStartup(scope.log, settings, asked.notes.log);
      process.umask(umaskOf(settings));
      if (settings.addUser) {
        await addUser(context.env.HOME ?? context.cwd, scope.log);
      }
      const assembled = await assemble(start, scope);
      opener = assembled.opener;
      return assembled.run();
    },
  );
  await opener?.settled();
  return status;
}

interface Assembled {
  readonly opener: Opener;
  run(): Promise<number>;
}

async function assemble(start: Start, scope: Scope): Promise<Assembled> {
  const { file, config } = start;
  const { settings } = config;
  const { log, clock, lifecycle } = scope;
  const slots = createSlots(settings.maxConcurrentSyncs);
  let code = 0;
  const triggers = await createTriggers({
    settings,
    scope,
    names: () => repositories.all().map((each) => each.config.name),
    request: (name, why) => repositories.get(name)?.request(why),
  });
  const opener: Opener = createOpener({
    scope,
    hasMetrics: settings.http?.metrics ?? false,
    all: () => repositories.all(),
    observersOf: (each) => triggers.observersOf(each),
  });
  const repositories: Repositories = createRepositories({
    log,
    start(each, after, former) {
      triggers.add(each);
      return startRepository({
        config: each,
        after,
        former,
        open: (stop) => opener.open(each, stop),
        slots,
        clock,
        log: log.child(each.name),
        stop: lifecycle.signal,
        deadline: lifecycle.deadline,
      });
    },
    onEnd(ended, name) {
      code = Math.max(code, ended);
      if (ended !== 0 && !settings.oneTime && !lifecycle.signal.aborted) {
        lifecycle.shutdown(`the repository ${name} has failed too often`).catch(() => undefined); // it tells by itself
      }
    },
    onGone(name) {
      if (repositories.get(name) === undefined) {
        triggers.remove(name);
      }
      opener.forget(name).catch(() => undefined); // nothing of it can fail
    },
  });
  return {
    opener,
    async run() {
      if (settings.syncOnSignal !== undefined) {
        const request = (why: string) => repositories.all().forEach((each) => each.request(why));
        requestOnSignal({ request }, settings.syncOnSignal, log);
      }
      const reloader = createReloader({
        path: file,
        text: start.text,
        parse: start.parse,
        apply: (next) => ({
          ...takeOver(next, slots, repositories),
          needsRestart: needsRestart(config.values, next.values),
        }),
        count: await reloadCounter(settings.http?.metrics ?? false, scope),
        clock,
        log,
      });
      if (settings.http !== undefined) {
        const { http } = settings;
        await serve({ http, file, scope, repositories, slots, lastReload: () => reloader.last() });
      }
      await triggers.listen();
      logGitVersion(settings.git, scope);
      repositories.apply(config.repositories);
      if (!settings.oneTime) {
        await watchFile(file, start.identity, clock, lifecycle.signal, () => reloader.reload());
      }
      await repositories.ended();
      return code;
    },
  };
}

function takeOver({ settings, repositories: configs }: ProcessConfig, slots: Slots, to: Repositories) {
  slots.resize(settings.maxConcurrentSyncs);
  return to.apply(configs);
}

async function reloadCounter(
  hasMetrics: boolean,
  scope: Scope,
): Promise<(result: 'success' | 'unchanged' | 'failure') => void> {
  if (!hasMetrics) {
    return () => undefined;
  }
  const { reloads, reloadFailed } = createMetrics(CONFIG_METRICS, await scope.registry());
  return (result) => {
    reloads.inc({ result });
    reloadFailed.set(result === 'failure' ? 1 : 0);
  };
}
