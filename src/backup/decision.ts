/** Volume state x repository state -> what a restore does. Pure; every cell is a test. */
import type { RepositoryState, SnapshotRef, VolumeState } from './model.ts';

/** What an empty volume may become when its repository surely has no snapshot of it. */
export interface DecisionPolicy {
  readonly onMissing: 'fail' | 'allow';
}

export type Decision =
  /** The volume is as it should be. */
  | { readonly action: 'nothing'; readonly why: string }
  /** Content of somebody else, and good: from now on it is ours to look after. Nothing of it is changed. */
  | { readonly action: 'adopt'; readonly why: string }
  /** The application starts on an empty volume because the user said that it may. */
  | { readonly action: 'start-empty'; readonly why: string }
  /** The first of these that verifies; what the volume holds goes to quarantine. */
  | { readonly action: 'restore'; readonly why: string; readonly candidates: readonly SnapshotRef[] }
  | {
      readonly action: 'refuse';
      readonly why: string;
      /** The answer may be another one later: worth waiting for. */
      readonly mayChange: boolean;
    };

/** Whether the decision about a volume depends on its repository at all: a good volume starts without a network. */
export function needsRepository(volume: VolumeState): boolean {
  return volume.kind !== 'HEALTHY' && volume.kind !== 'FOREIGN' && volume.kind !== 'UNREADABLE';
}

/**
 * @param repository undefined when it was not asked, which is for volumes that do not need it
 */
export function decide(
  volume: VolumeState,
  repository: RepositoryState | undefined,
  policy: DecisionPolicy,
): Decision {
  switch (volume.kind) {
    case 'HEALTHY':
      return { action: 'nothing', why: 'the volume is complete' };
    case 'FOREIGN':
      return { action: 'adopt', why: 'the volume has data, and nothing speaks against it' };
    case 'UNREADABLE':
      return { action: 'refuse', why: `the volume cannot be judged: ${volume.reason}`, mayChange: false };
    default:
      return decideWith(volume, repository ?? NOT_ASKED, policy);
  }
}

const NOT_ASKED: RepositoryState = {
  kind: 'UNKNOWN',
  reason: { kind: 'failed', message: 'the repository was not asked', hint: undefined },
};

type NeedyVolume = Extract<VolumeState, { kind: 'EMPTY' | 'PARTIAL' | 'CORRUPT' }>;

function decideWith(volume: NeedyVolume, repository: RepositoryState, policy: DecisionPolicy): Decision {
  const state = STATES[volume.kind];
  switch (repository.kind) {
    case 'HAS':
      return { action: 'restore', why: state, candidates: order(volume, repository.snapshots) };
    case 'NONE':
      if (repository.isSuspect === true) {
        const why = `${state}, and its repository has data, but no snapshot: they may have been lost`;
        return { action: 'refuse', why, mayChange: false };
      }
      return volume.kind === 'EMPTY' && policy.onMissing === 'allow'
        ? { action: 'start-empty', why: `${state}, its repository has no snapshot, and on-missing=allow` }
        : { action: 'refuse', why: `${state}, and its repository has no snapshot`, mayChange: false };
    default:
      return decideUnknown(volume, state, repository.reason, policy);
  }
}

/**
 * An absent repository counts as an empty one only when the user says that it may: a wrong bucket, prefix or key looks
 * the same. Every other UNKNOWN never does.
 */
function decideUnknown(
  volume: NeedyVolume,
  state: string,
  reason: Extract<RepositoryState, { kind: 'UNKNOWN' }>['reason'],
  policy: DecisionPolicy,
): Decision {
  if (volume.kind === 'EMPTY' && reason.kind === 'absent' && policy.onMissing === 'allow') {
    return { action: 'start-empty', why: `${state}, there is no repository, and on-missing=allow` };
  }
  const why = `${state}, and its repository cannot be asked: ${reason.message}`;
  return { action: 'refuse', why, mayChange: true };
}

const STATES: Readonly<Record<NeedyVolume['kind'], string>> = {
  EMPTY: 'the volume is empty',
  PARTIAL: 'a restore of the volume was interrupted',
  CORRUPT: 'the volume is corrupt',
};

/** Newest first; an interrupted restore first goes on with its own snapshot, while the repository still has it. */
function order(volume: NeedyVolume, snapshots: readonly SnapshotRef[]): readonly SnapshotRef[] {
  const begun = volume.kind === 'PARTIAL' ? volume.snapshot.id : undefined;
  const first = snapshots.filter(({ id }) => id === begun);
  return [...first, ...snapshots.filter(({ id }) => id !== begun)];
}
