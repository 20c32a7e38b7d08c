/** One snapshot after the other, until one is on the volume and verified. */
import type { Clock } from '../../core/clock.ts';
import { errorMessage, isPillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { backoff } from '../../core/retry.ts';
import { together } from '../../core/together.ts';
import { commit } from '../commit/commit.ts';
import { requireSpace } from '../commit/space.ts';
import { type BegunStage, beginStage, dropStage } from '../commit/stage.ts';
import { requireContent } from '../commit/staged-root.ts';
import { syncEarly } from '../commit/sync-file-system.ts';
import { isNoRoom } from '../engines/no-room.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import { compareTree } from '../manifest/compare.ts';
import type { OnProgress, RestoredTree, Snapshot, Stage, UnknownReason } from '../model.ts';
import { shownId } from '../snapshot-id.ts';
import { sampleOf, writeSample } from '../volume/sample.ts';
import { CHECK_HINT, createJudge } from './judge.ts';
import type { ReadingEngine } from './reading-engine.ts';
import { readRejected } from './rejected.ts';
import type { RestoreEvents, RestoreSpec } from './restore.ts';

export interface Candidates {
  /** In the order in which they are tried; at least one. */
  readonly snapshots: readonly Snapshot[];
  /** Ids of snapshots that cannot be read at all: one of them may be newer than all others. */
  readonly damaged: readonly string[];
}

export interface CandidateDeps {
  readonly engine: ReadingEngine;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: RestoreEvents;
  readonly spec: RestoreSpec;
}

/**
 * Restores the first snapshot that verifies. One that cannot be written because its repository is away is waited for: an
 * outage is no reason to go back in time.
 * @throws PillionError `restore_failed` when none verifies; the volume is as it was
 */
export async function restoreFirst(
  { snapshots, damaged }: Candidates,
  deps: CandidateDeps,
  signal: AbortSignal,
): Promise<void> {
  const { events, spec } = deps;
  for (const id of damaged) {
    events.fallback(id, 'it is listed, but cannot be read', snapshots[0]?.id);
  }
  const rejected = await readRejected(spec.volume, spec.checks);
  const failures: Failure[] = [...rejected].flatMap(([id, why]) =>
    snapshots.some((snapshot) => snapshot.id === id)
      ? [{ id, why: `refused at an earlier start: ${why}`, error: undefined }]
      : [],
  );
  const tried = snapshots.filter(({ id }) => !rejected.has(id)).slice(0, 1 + spec.maxFallback);
  if (tried.length === 0) {
    await dropStage(spec); // of one that was refused just before a kill
  }
  for (const [number, snapshot] of tried.entries()) {
    try {
      await restoreOne(snapshot, deps, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!BACKUP_ERRORS.restore_failed.matches(error)) {
        throw error;
      }
      failures.push({ id: snapshot.id, why: errorMessage(error), error });
      events.fallback(snapshot.id, errorMessage(error), tried[number + 1]?.id);
      await dropStage(spec);
    }
  }
  throw summaryOf(failures, rejected.size > 0);
}

interface Failure {
  readonly id: string;
  readonly why: string;
  readonly error: unknown;
}

const MAX_NAMED = 5;

function summaryOf(failures: readonly Failure[], isRemembered: boolean): unknown {
  const [first] = failures;
  if (failures.length === 1 && first?.error !== undefined) {
    return first.error;
  }
  const named = failures.slice(0, MAX_NAMED).map(({ id, why }) => (why.includes(id) ? why : `${id}: ${why}`));
  const more = failures.length > MAX_NAMED ? `; and ${failures.length - MAX_NAMED} more` : '';
  const again = isRemembered ? '; to try the same checks once more, remove .pillion/rejected.json' : '';
  const last = failures.at(-1)?.error;
  const hint = isPillionError(last) && !isRemembered ? last.hint : CHECK_HINT;
  return BACKUP_ERRORS.restore_failed({
    message: `none of ${failures.length} snapshots could be restored: ${named.join('; ')}${more}`,
    hint: hint === undefined ? undefined : `${hint}${again}`,
  });
}

async function restoreOne(snapshot: Snapshot, deps: CandidateDeps, signal: AbortSignal): Promise<void> {
  const { log } = deps;
  log.info('restoring', { snapshot: snapshot.id, made: new Date(snapshot.time).toISOString() });
  const { stage, tree } = await stageVerified(snapshot, deps, signal);
  try {
    await putInPlace(stage, tree, snapshot, deps, signal);
  } finally {
    await stage.close();
  }
}

async function putInPlace(
  stage: Stage,
  tree: RestoredTree,
  snapshot: Snapshot,
  { spec, clock, log, events }: CandidateDeps,
  signal: AbortSignal,
): Promise<void> {
  const { volume, name, keepQuarantines } = spec;
  const judge = createJudge(spec, snapshot.id, log, signal);
  await judge.onStage(tree.root);
  const sample = tree.manifest === undefined ? [] : sampleOf(tree.manifest, snapshot.id);
  const { quarantine } = await commit(stage, tree, {
    signal,
    name,
    now: clock.now(),
    keepQuarantines,
    onProgress: events.progress,
    judge: judge.inPlace,
  });
  await writeSample(volume, sample).catch((error: unknown) =>
    log.warn('no sample of the snapshot could be kept for --check-sample', { error: errorMessage(error) }),
  );
  if (quarantine !== undefined) {
    log.warn('what the volume held was set aside', { volume, quarantine });
  }
}

/** What an earlier start has left on the stage is no reason to give a snapshot up: then it is written from the beginning. */
async function stageVerified(
  snapshot: Snapshot,
  deps: CandidateDeps,
  signal: AbortSignal,
): Promise<{ readonly stage: BegunStage; readonly tree: RestoredTree }> {
  const { log, spec } = deps;
  const stage = await beginStage(spec.volume, snapshot);
  try {
    const tree = await write(stage, snapshot, deps, signal);
    requireContent(stage.target, tree);
    // The disk writes while what it is to write is read and compared.
    await together(
      signal,
      (both) => verify(tree, snapshot, deps, both),
      (both) => syncEarly(stage.target, both),
    );
    return { stage, tree };
  } catch (error) {
    await stage.close();
    signal.throwIfAborted();
    if (!stage.isResumed || !BACKUP_ERRORS.restore_failed.matches(error)) {
      throw error;
    }
    log.warn('what was staged before is of no use, and is written again', { error: errorMessage(error) });
    await dropStage(spec);
    return stageVerified(snapshot, deps, signal);
  }
}

/** So often a snapshot is tried while its repository answers. */
const TRIES = 2;

/** An engine goes on where it was interrupted. */
async function write(
  stage: Stage,
  snapshot: Snapshot,
  deps: CandidateDeps,
  signal: AbortSignal,
): Promise<RestoredTree> {
  const { engine, events, log, clock, spec } = deps;
  let lastDone = { at: clock.monotonic(), bytes: -1 };
  const onProgress: OnProgress = (progress) => {
    if (progress.bytesDone > lastDone.bytes) {
      lastDone = { at: clock.monotonic(), bytes: progress.bytesDone };
    }
    events.progress(progress);
  };
  const delays = backoff({ initialMs: 1000, maxMs: spec.longestWaitMs, jitter: 0.3 });
  const { bytes, files: entries } = snapshot;
  if (bytes !== undefined && entries !== undefined) {
    await requireSpace(stage.target, { bytes, entries }, signal);
  }
  for (let failures = 1, waits = 1; ; ) {
    try {
      return await engine.restoreTo(snapshot, stage.target, { signal, onProgress });
    } catch (error) {
      signal.throwIfAborted();
      if (BACKUP_ERRORS.no_space.matches(error)) {
        throw error;
      }
      if (isNoRoom(error)) {
        throw BACKUP_ERRORS.no_space(
          { message: `no room on the volume: ${errorMessage(error)}` },
          { cause: error },
        );
      }
      const away = await whyAway(error, engine, signal);
      if (away !== undefined && clock.monotonic() - lastDone.at < spec.timeoutMs) {
        const delayMs = delays(waits);
        waits += 1;
        events.unknown(away, delayMs);
        await clock.sleep(delayMs, signal);
        continue;
      }
      if (away !== undefined) {
        const { message, hint } = away;
        throw BACKUP_ERRORS.restore_refused({
          message: `the repository went away during the restore: ${message}`,
          hint,
        });
      }
      if (failures >= TRIES) {
        throw BACKUP_ERRORS.restore_failed({
          message: errorMessage(error),
          hint: isPillionError(error) ? error.hint : undefined,
        });
      }
      failures += 1;
      log.warn('the restore has failed, and is tried again', { error: errorMessage(error) });
    }
  }
}

/** Undefined when the repository is there, and what went wrong is the snapshot's own fault. */
async function whyAway(
  error: unknown,
  engine: ReadingEngine,
  signal: AbortSignal,
): Promise<UnknownReason | undefined> {
  if (BACKUP_ERRORS.repository_unknown.matches(error)) {
    return { kind: 'unreachable', message: error.message, hint: error.hint };
  }
  const state = await engine.state(signal);
  return state.kind === 'UNKNOWN' ? state.reason : undefined;
}

/** @throws PillionError `restore_failed` when the tree is not what was stored */
async function verify(
  { root, manifest }: RestoredTree,
  { id }: Snapshot,
  { spec, events, log }: CandidateDeps,
  signal: AbortSignal,
): Promise<void> {
  if (manifest === undefined) {
    log.warn('the snapshot has no manifest of ours: its engine alone has verified it', { snapshot: id });
    return;
  }
  const options = { signal, share: spec.verifyShare, seed: id, onProgress: events.progress };
  const compared = await compareTree(root, manifest, options).catch((error: unknown) => {
    signal.throwIfAborted();
    const message = `snapshot ${shownId(id)} cannot be verified: ${errorMessage(error)}`;
    throw BACKUP_ERRORS.restore_failed({ message }, { cause: error });
  });
  if (compared.problems > 0) {
    const message = `snapshot ${shownId(id)} does not verify: ${compared.problems} differences, such as ${compared.examples.join('; ')}`;
    throw BACKUP_ERRORS.restore_failed({ message });
  }
  if (compared.owners > 0) {
    const message = `${compared.owners} entries could not get their owner, which only root can give`;
    if (spec.strictOwner) {
      const hint = 'run the restore as root, or without --strict-owner';
      throw BACKUP_ERRORS.restore_refused({ message, hint });
    }
    log.warn(message, { snapshot: id });
  }
}
