/** Pass after pass: waits, counts failures, gives up when it is told to. */
import type { Clock } from '../core/clock.ts';
import { errorMessage, type PillionError } from '../core/errors.ts';
import type { Log } from '../core/log/log.ts';
import { formatGoDuration } from '../core/options/go-values.ts';
import { withSignal } from '../core/scoped-signal.ts';
import { startTimer } from '../core/timer.ts';
import { asDiskFull, GIT_ERRORS, isDiskFull } from '../git/errors.ts';
import type { GitSyncSettings } from './settings.ts';
import type { SyncState } from './state.ts';
import type { ErrorFile } from './sync/error-file.ts';
import type { Hooks } from './sync/hooks/hooks.ts';
import { createTeller } from './sync/messages.ts';
import { LOCK_ERRORS } from './sync/root-lock.ts';
import type { PassResult, SyncPass } from './sync/sync-pass.ts';
import { touchFile } from './sync/touch-file.ts';

export interface LoopMetrics {
  pass(status: 'success' | 'error' | 'noop', seconds: number): void;
}

export interface LoopInit {
  readonly settings: GitSyncSettings;
  readonly pass: SyncPass;
  /** Reads credentials and keys anew; a failure is a failure of the pass. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  readonly hooks: Hooks;
  readonly state: SyncState;
  readonly metrics: LoopMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly errorFile: ErrorFile;
  readonly touchFile: string;
  /** Aborted when the process is to end. */
  readonly stop: AbortSignal;
  /** Resolves when the user's sync signal arrives; it stays set until it is taken. */
  readonly wake: WakeUp;
}

export interface WakeUp {
  /** Waits for the signal or the abort; a signal that came before counts. */
  wait(signal: AbortSignal): Promise<void>;
}

/** The limit that counts now: one for the time until the first success, one for the time after. */
export function failureLimit(settings: GitSyncSettings, everSucceeded: boolean): number {
  return everSucceeded ? settings.maxFailures : settings.initMaxFailures;
}

/** Whether so many failures in a row end the process; 0 and 1 are the same, negative never does. */
export function isTooMany(failures: number, limit: number): boolean {
  return limit >= 0 && failures >= limit;
}

/** Waits for the period, the sync signal, or the end, whichever is first. */
async function rest(init: LoopInit, milliseconds: number): Promise<void> {
  createTeller(init.settings, init.log).nextSync(milliseconds, init.state.syncCount);
  init.state.nextSyncAt = init.clock.now() + milliseconds;
  await withSignal(init.stop, {}, (signal) =>
    Promise.race([init.clock.sleep(milliseconds, signal), init.wake.wait(signal)]),
  ).catch(() => {
    // The end has come; the loop sees it by itself.
  });
  init.state.nextSyncAt = undefined;
}

/** Nothing can change any more: only the sync signal wakes, to check the published tree again. */
async function restForever(init: LoopInit): Promise<void> {
  // Nothing else may be open then, and Node ends when nothing is.
  const keepAlive = startTimer(Number.POSITIVE_INFINITY, () => {});
  init.state.restsForever = true;
  await init.wake.wait(init.stop).catch(() => {});
  init.state.restsForever = init.stop.aborted;
  keepAlive.cancel();
}

function timedOut(settings: GitSyncSettings, error: unknown): PillionError {
  const after = formatGoDuration(settings.syncTimeoutMs);
  const message = `context deadline exceeded after ${after}: ${errorMessage(error)}`;
  return GIT_ERRORS.sync_timeout({ message }, { cause: error });
}

const saysTimeout = (error: unknown) =>
  GIT_ERRORS.sync_timeout.matches(error) || LOCK_ERRORS.root_busy.matches(error);

async function runPass(init: LoopInit, signal: AbortSignal): Promise<PassResult> {
  const { settings } = init;
  try {
    await init.refresh(signal);
    return await init.pass.run(signal);
  } catch (error) {
    if (signal.aborted && !init.stop.aborted && !saysTimeout(error)) {
      throw timedOut(settings, error);
    }
    throw isDiskFull(error) ? asDiskFull(error) : error;
  }
}

/** What a pass leaves to tidy up; a failure there is told, but is no failure of the sync. */
async function tidyUp(init: LoopInit, hash: string, signal: AbortSignal): Promise<void> {
  await init.pass.clean(hash, signal).catch((error: unknown) => {
    if (!init.stop.aborted) {
      init.log.error('git cleanup failed', error);
    }
  });
}

/** The wait after a pass. */
function periodOf(settings: GitSyncSettings, everSucceeded: boolean): number {
  return everSucceeded ? settings.periodMs : settings.initPeriodMs;
}

function failedPass(init: LoopInit, error: unknown, seconds: number, everSucceeded: boolean): boolean {
  const { state, settings, log } = init;
  state.failuresInARow += 1;
  state.lastError = { at: init.clock.now(), message: errorMessage(error) };
  init.metrics.pass('error', seconds);
  const limit = failureLimit(settings, everSucceeded);
  if (isTooMany(state.failuresInARow, limit)) {
    log.error('too many failures, aborting', error, { failCount: state.failuresInARow, maxFailures: limit });
    return true;
  }
  const teller = createTeller(settings, log);
  teller.willRetry(error, state.failuresInARow, periodOf(settings, everSucceeded));
  return false;
}

/**
 * Who waits for the touch-file counts on what quick hooks have done by then, as with git-sync, where their start costs
 * less: they get this long before it.
 */
const HEAD_START_MS = 500;

async function touch(init: LoopInit): Promise<void> {
  if (init.touchFile === '') {
    return;
  }
  await init.hooks.headStart(HEAD_START_MS);
  await touchFile(init.touchFile).catch((error: unknown) => {
    init.log.error('failed to touch touch-file', error, { path: init.touchFile });
  });
}

async function succeededPass(
  init: LoopInit,
  result: PassResult,
  seconds: number,
  isFirst: boolean,
): Promise<void> {
  const { state, log } = init;
  state.ready = true;
  state.publishedHash = result.hash;
  state.lastSuccessAt = init.clock.now();
  if (result.changed || isFirst) {
    state.lastChangeAt = state.lastSuccessAt;
    init.metrics.pass('success', seconds);
    await touch(init);
  } else {
    init.metrics.pass('noop', seconds);
  }
  if (state.failuresInARow > 0) {
    log.at(4, 'resetting failure count', { failCount: state.failuresInARow });
  }
  state.failuresInARow = 0;
}

/** `--one-time`: the first result of every hook decides. */
async function finishOnce(init: LoopInit): Promise<number> {
  const ok = await init.hooks.firstResults();
  if (!ok) {
    init.log.error('exiting after one sync: a hook failed', null, { status: 1 });
    return 1;
  }
  init.errorFile.remove();
  init.log.info('exiting after one sync', { status: 0 });
  return 0;
}

interface Progress {
  everSucceeded: boolean;
}

type Next =
  | { readonly kind: 'rest' }
  | { readonly kind: 'rest-forever' }
  | { readonly kind: 'exit'; readonly code: number };

async function afterSuccess(init: LoopInit, result: PassResult, progress: Progress): Promise<Next> {
  const { settings, log } = init;
  if (settings.oneTime) {
    return { kind: 'exit', code: await finishOnce(init) };
  }
  init.errorFile.remove();
  if (!progress.everSucceeded && settings.initPeriodMs !== settings.periodMs) {
    const period = formatGoDuration(settings.periodMs);
    log.info('initial sync complete, switching to the regular period', { period });
  }
  progress.everSucceeded = true;
  if (result.pinned) {
    createTeller(settings, log).pinned(result.hash);
    return { kind: 'rest-forever' };
  }
  return { kind: 'rest' };
}

/** One pass with everything around it, inside the sync timeout. */
async function turn(init: LoopInit, progress: Progress, signal: AbortSignal): Promise<Next> {
  const { state, clock } = init;
  const started = clock.monotonic();
  const seconds = () => (clock.monotonic() - started) / 1000;
  init.log.at(3, 'syncing', { repo: init.settings.repo });
  try {
    const result = await runPass(init, signal);
    state.syncCount += result.changed || !progress.everSucceeded ? 1 : 0;
    await succeededPass(init, result, seconds(), !progress.everSucceeded);
    await tidyUp(init, result.hash, signal);
    return await afterSuccess(init, result, progress);
  } catch (error) {
    if (!init.stop.aborted && failedPass(init, error, seconds(), progress.everSucceeded)) {
      return { kind: 'exit', code: 1 };
    }
    return { kind: 'rest' };
  }
}

/** Runs until it is done, failed too often, or told to stop; resolves to the exit code. */
export async function runLoop(init: LoopInit): Promise<number> {
  const { settings, state, stop, clock } = init;
  const progress: Progress = { everSucceeded: false };
  while (!stop.aborted) {
    state.passDeadlineAt = clock.now() + settings.syncTimeoutMs;
    const next = await withSignal(stop, { timeoutMs: settings.syncTimeoutMs }, (signal) =>
      turn(init, progress, signal),
    );
    state.passDeadlineAt = undefined;
    if (next.kind === 'exit') {
      return next.code;
    }
    if (next.kind === 'rest-forever') {
      await restForever(init);
    } else {
      await rest(init, periodOf(settings, progress.everSucceeded));
    }
  }
  return 0;
}
