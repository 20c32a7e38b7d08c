/** Backups in a restic repository. */
import { mkdir } from 'node:fs/promises';
import { errorMessage } from '../../../core/errors.ts';
import { userEnvironment } from '../../../git/user.ts';
import { STORE_ERRORS } from '../../errors.ts';
import type { Engine, EngineContext, RepositoryState, UnknownReason } from '../../model.ts';
import { quietLog } from '../quiet-log.ts';
import { accessArguments, type ResticSettings } from './access.ts';
import { boundCache } from './cache-limit.ts';
import { resticEnvironment, secretsIn } from './environment.ts';
import { unlessConfigIsLost } from './lost-config.ts';
import { inPair } from './pair.ts';
import { createReader } from './read.ts';
import { READ, type Restic } from './restic.ts';
import { createRunner, type ResticResult, type ResticRunner } from './run-restic.ts';
import { parseIds, stateFrom } from './snapshots.ts';
import { copyKeys } from './ssh-keys.ts';
import { createWriter } from './store.ts';
import { versionProblem } from './version.ts';

export function createResticEngine(settings: ResticSettings, context: EngineContext): Engine {
  const { name, workDir, env, secret, warn } = context;
  for (const [variable, value] of secretsIn(env)) {
    secret(variable, value);
  }
  let isChecked = false;
  let preparing: Promise<unknown> = Promise.resolve();
  /** For ssh, which does not run for a user without a name. */
  let user: Readonly<Record<string, string>> = {};
  const init = {
    env: () => ({ ...resticEnvironment(env, { ...settings, workDir }), ...user }),
    workDir,
    shownLocation: settings.shownLocation,
  };
  const runner = createRunner({ ...init, args: accessArguments(settings, workDir) });
  // One that is too old does not know all of our flags.
  const bare = createRunner({ ...init, args: [] });
  const restic: Restic = {
    ...runner,
    name,
    workDir,
    settings,
    warn,
    async run(call) {
      // Calls may begin at the same time.
      const prepared = prepare(call.signal, preparing);
      preparing = prepared.catch(() => undefined);
      const problem = await prepared;
      return problem === undefined ? runner.run(call) : notRun(problem);
    },
    async ids(signal) {
      const args = ['list', 'snapshots', ...READ];
      const { stdout, problem } = await restic.run({ args, signal, timeoutMs: settings.callTimeoutMs });
      return problem ?? parseIds(stdout);
    },
  };
  async function prepare(signal: AbortSignal, before: Promise<unknown>): Promise<UnknownReason | undefined> {
    await before;
    if (!isChecked) {
      const problem = await checkVersion(bare, signal);
      if (problem !== undefined) {
        return problem;
      }
      user = await nameForSsh(settings, workDir, warn);
      isChecked = true;
    }
    return await copyKeys(settings, workDir);
  }

  return {
    kind: 'restic',
    keepsExtendedAttributes: true,
    async state(signal, use) {
      const state = await (use === 'backup' ? stateForBackup(restic, signal) : stateOf(restic, signal));
      return state.kind === 'UNKNOWN'
        ? { kind: 'UNKNOWN', reason: await unlessConfigIsLost(state.reason, settings) }
        : state;
    },
    init: (signal) => initialise(restic, signal),
    tidy: () => tidy(restic),
    ...createReader(restic),
    ...createWriter(restic),
  };
}

const notRun = (problem: UnknownReason): ResticResult => ({
  exitCode: undefined,
  timedOut: false,
  complaints: [],
  stdout: '',
  problem,
});

async function nameForSsh(
  { location }: ResticSettings,
  workDir: string,
  warn: EngineContext['warn'],
): Promise<Readonly<Record<string, string>>> {
  return location.startsWith('sftp:') ? await userEnvironment(workDir, workDir, quietLog(warn)) : {};
}

const VERSION_TIMEOUT_MS = 30_000;

async function checkVersion(runner: ResticRunner, signal: AbortSignal): Promise<UnknownReason | undefined> {
  const call = { args: ['version'], signal, timeoutMs: VERSION_TIMEOUT_MS };
  const { stdout, problem } = await runner.run(call);
  const message = problem === undefined ? versionProblem(stdout) : undefined;
  if (message !== undefined) {
    return {
      kind: 'tool',
      message,
      hint: 'use the image of Pillion, which has a newer one, or put one first in PATH',
    };
  }
  return problem;
}

/** In one call, where there are snapshots of the volume; what cannot be read is of no interest then. */
async function stateForBackup(restic: Restic, signal: AbortSignal): Promise<RepositoryState> {
  const result = await listSnapshots(restic, signal);
  if (result.problem !== undefined) {
    return { kind: 'UNKNOWN', reason: result.problem };
  }
  const state = stateFrom([], result.stdout, restic.name, restic.shownLocation);
  return state.kind === 'HAS' ? state : stateOfLists(restic, await restic.ids(signal), result, signal);
}

async function stateOf(restic: Restic, signal: AbortSignal): Promise<RepositoryState> {
  const [ids, listed] = await inPair(signal, restic.ids, (both) => listSnapshots(restic, both));
  return stateOfLists(restic, ids, listed, signal);
}

const listSnapshots = (restic: Restic, signal: AbortSignal): Promise<ResticResult> =>
  restic.run({
    args: ['snapshots', '--json', ...READ],
    signal,
    timeoutMs: restic.settings.callTimeoutMs,
  });

async function stateOfLists(
  restic: Restic,
  ids: readonly string[] | UnknownReason,
  listed: ResticResult,
  signal: AbortSignal,
): Promise<RepositoryState> {
  const { callTimeoutMs: timeoutMs } = restic.settings;
  if ('kind' in ids) {
    return { kind: 'UNKNOWN', reason: ids };
  }
  if (ids.length === 0) {
    // A store without the folder of snapshots lists none, and restic is content with that.
    const index = await restic.run({ args: ['list', 'index', ...READ], signal, timeoutMs });
    return index.problem === undefined
      ? { kind: 'NONE', ...(parseIds(index.stdout).length > 0 ? { isSuspect: true } : {}) }
      : { kind: 'UNKNOWN', reason: index.problem };
  }
  const stateOfList = ({ problem, stdout }: ResticResult): RepositoryState =>
    problem === undefined
      ? stateFrom(ids, stdout, restic.name, restic.shownLocation)
      : { kind: 'UNKNOWN', reason: problem };
  const state = stateOfList(listed);
  // What somebody has stored between the two lists is not damaged.
  const isDoubtful =
    (state.kind === 'HAS' && state.damaged.length > 0) ||
    (state.kind === 'UNKNOWN' && listed.problem === undefined);
  return isDoubtful ? stateOfList(await listSnapshots(restic, signal)) : state;
}

async function tidy({ workDir, settings, warn }: Restic): Promise<void> {
  const { cacheLimitBytes: limit } = settings;
  try {
    const removed = await boundCache(workDir, limit);
    if (removed > 0 && limit > 0) {
      warn('the cache of restic was larger than --cache-limit: it is fetched again as far as it is needed', {
        removedBytes: removed,
        limitBytes: limit,
      });
    }
  } catch (error) {
    warn('the cache of restic cannot be kept below --cache-limit', { error: errorMessage(error) });
  }
}

async function initialise(restic: Restic, signal: AbortSignal): Promise<void> {
  await mkdir(restic.workDir, { recursive: true, mode: 0o700 });
  const { callTimeoutMs: timeoutMs } = restic.settings;
  const { problem } = await restic.run({ args: ['init', '--json', '--no-cache'], signal, timeoutMs });
  if (problem !== undefined) {
    throw STORE_ERRORS.store_failed({
      message: `cannot make the repository: ${problem.message}`,
      hint: problem.hint,
    });
  }
}
