/** The story of a restore: what the volume is, what is to be done, and doing it. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import { describeEnd, runCommand } from '../commands/run-command.ts';
import { writeMarker } from '../commit/marker.ts';
import { recover } from '../commit/recover.ts';
import { dropStage } from '../commit/stage.ts';
import { withVolumeLock } from '../commit/volume-lock.ts';
import { type Decision, type DecisionPolicy, decide, needsRepository } from '../decision.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { Marker, OnProgress, Recovered, RepositoryState, UnknownReason, VolumeState } from '../model.ts';
import type { VolumeChecks } from '../volume/checks.ts';
import { inspectVolume, requireVolume } from '../volume/inspect.ts';
import { type Candidates, restoreFirst } from './candidates.ts';
import { recoverJudged } from './judge.ts';
import type { ReadingEngine } from './reading-engine.ts';
import { hintFor } from './refusal.ts';
import { decideInTime } from './wait.ts';

export interface RestoreSpec {
  readonly volume: string;
  readonly volumeTimeoutMs: number;
  readonly name: string;
  readonly ignored: readonly string[];
  readonly policy: DecisionPolicy;
  readonly timeoutMs: number;
  readonly longestWaitMs: number;
  readonly checks: VolumeChecks;
  readonly repairs: readonly (readonly string[])[];
  readonly repairTimeoutMs: number;
  /** The one snapshot that may be restored; '' for the newest that verifies. */
  readonly snapshot: string;
  readonly maxFallback: number;
  /** Part of the files whose content is compared, 0 to 1. */
  readonly verifyShare: number;
  readonly strictOwner: boolean;
  readonly keepQuarantines: number;
}

/** What a restore tells of its work: for log, metrics and status. */
export interface RestoreEvents {
  readonly found: (volume: VolumeState) => void;
  readonly unknown: (reason: UnknownReason, retryInMs: number | undefined) => void;
  readonly decided: (decision: Decision, repository: RepositoryState | undefined) => void;
  /** A snapshot is given up, for the next one if there is one. */
  readonly fallback: (snapshotId: string, why: string, next: string | undefined) => void;
  readonly progress: OnProgress;
}

export interface RestoreDeps {
  readonly engine: ReadingEngine;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: RestoreEvents;
}

export type RestoreResult = 'nothing' | 'adopted' | 'started-empty' | 'restored';

/**
 * Ends with a volume that the application may use, or throws.
 * @throws PillionError `restore_refused`, `restore_failed`, `no_space`, `volume_unusable`, ...; nothing is lost then
 */
export async function restoreVolume(
  spec: RestoreSpec,
  deps: RestoreDeps,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const { events, engine, clock } = deps;
  await requireVolume(spec.volume);
  const recovered = await recoverAlone(spec, deps, signal);
  const inspect = () => inspectVolume({ ...spec, recovered }, signal);
  const volume = await repaired(await inspect(), spec, deps, inspect, signal);
  events.found(volume);
  const { decision, repository } = await decideInTime(volume, waitOf(spec, deps), signal);
  events.decided(decision, repository);
  if (decision.action !== 'restore') {
    if (recovered.kind === 'staging' && !needsRepository(volume) && decision.action !== 'refuse') {
      await withVolumeLock(spec.volume, deps, signal, () => giveUpStage(spec.volume, deps.log));
    }
    return settle(decision, volume, repository);
  }
  const candidates = candidatesOf(spec, repository, decision.candidates);
  return withVolumeLock(spec.volume, deps, signal, async () => {
    const left = await recoverJudged(spec, deps, signal);
    const found = await inspectVolume({ ...spec, recovered: left }, signal);
    if (!needsRepository(found)) {
      // Another restore of the volume was waited for.
      await giveUpStage(spec.volume, deps.log);
      return settle(decide(found, undefined, spec.policy), found, undefined);
    }
    await restoreFirst(candidates, { ...deps, spec }, signal);
    return 'restored';
  });

  async function settle(
    { action, why }: Decision,
    state: VolumeState,
    known: RepositoryState | undefined,
  ): Promise<RestoreResult> {
    switch (action) {
      case 'nothing':
        return 'nothing';
      case 'adopt':
        await writeMarker(spec.volume, markerOf(spec.name, 'adopted', clock.now()));
        return 'adopted';
      case 'start-empty':
        await writeMarker(spec.volume, markerOf(spec.name, 'started-empty', clock.now()));
        return 'started-empty';
      default:
        throw BACKUP_ERRORS.restore_refused({ message: why, hint: hintFor(state, known) });
    }
  }

  function waitOf({ policy, timeoutMs, longestWaitMs }: RestoreSpec, { events: { unknown } }: RestoreDeps) {
    return { engine, clock, policy, timeoutMs, longestWaitMs, onUnknown: unknown };
  }
}

async function giveUpStage(volume: string, log: Log): Promise<void> {
  if ((await recover(volume)).kind === 'staging') {
    log.warn('a restore that was begun is given up: the volume passes its checks', { volume });
    await dropStage({ volume });
  }
}

/** Finishes what a kill has interrupted; what another process is just putting in place is waited for. */
async function recoverAlone(spec: RestoreSpec, deps: RestoreDeps, signal: AbortSignal): Promise<Recovered> {
  const { volume } = spec;
  const seen = await recover(volume, { isReadOnly: true });
  if (seen.kind !== 'committed') {
    return seen;
  }
  const recovered = await withVolumeLock(volume, deps, signal, () => recoverJudged(spec, deps, signal));
  if (recovered.kind === 'committed') {
    deps.log.warn('finished a restore that was interrupted while it was put in place', { volume });
  }
  return recovered;
}

const markerOf = (volume: string, origin: Marker['origin'], since: number): Marker => ({
  version: 1,
  volume,
  origin,
  since,
});

/** In the order of the decision, as the engine described them. */
function candidatesOf(
  { snapshot: wanted }: RestoreSpec,
  repository: RepositoryState | undefined,
  order: readonly { readonly id: string }[],
): Candidates {
  const known = repository?.kind === 'HAS' ? repository.snapshots : [];
  const damaged = repository?.kind === 'HAS' ? repository.damaged : [];
  const sorted = order.flatMap(({ id }) => known.filter((snapshot) => snapshot.id === id));
  const chosen = sorted.filter(({ id }) => id.startsWith(wanted));
  if (chosen.length === 0 || (wanted !== '' && chosen.length > 1)) {
    const message = `${chosen.length === 0 ? 'no' : 'more than one'} snapshot of this volume has the id ${wanted}`;
    throw BACKUP_ERRORS.snapshot_missing({ message, hint: 'see `pillion backup snapshots`' });
  }
  return { snapshots: chosen, damaged };
}

/** Tries the repairs in turn on a corrupt volume, until the checks are content. */
async function repaired(
  found: VolumeState,
  { volume, repairs, repairTimeoutMs, checks }: RestoreSpec,
  { log }: RestoreDeps,
  inspect: () => Promise<VolumeState>,
  signal: AbortSignal,
): Promise<VolumeState> {
  let state = found;
  for (const argv of repairs) {
    if (state.kind !== 'CORRUPT') {
      break;
    }
    log.warn('the volume is corrupt: trying to repair it', {
      problems: state.problems,
      command: argv[0] ?? '',
    });
    const command = {
      argv,
      cwd: volume,
      timeoutMs: repairTimeoutMs,
      env: checks.env,
      extra: { PILLION_VOLUME: volume },
    };
    const end = await runCommand(command, signal);
    if (end.kind === 'ok') {
      state = await inspect();
      log.info(state.kind === 'CORRUPT' ? 'the repair did not help' : 'the repair has helped', {});
    } else {
      log.warn(describeEnd('the repair has failed', end));
    }
  }
  return state;
}
