import { describe, expect, it } from 'vitest';
import { decide, needsRepository } from './decision.ts';
import type { Marker, RepositoryState, Snapshot, UnknownReason, VolumeState } from './model.ts';

const marker: Marker = { version: 1, volume: 'data', origin: 'adopted', since: 0 };
const snapshots: readonly Snapshot[] = [
  { id: 'new', time: 2 },
  { id: 'old', time: 1 },
];
const has: RepositoryState = { kind: 'HAS', snapshots, damaged: [] };
const none: RepositoryState = { kind: 'NONE' };
const unknown = (kind: UnknownReason['kind']): RepositoryState => ({
  kind: 'UNKNOWN',
  reason: { kind, message: 'no answer', hint: undefined },
});

const volumes: Readonly<Record<VolumeState['kind'], VolumeState>> = {
  EMPTY: { kind: 'EMPTY' },
  HEALTHY: { kind: 'HEALTHY', marker },
  FOREIGN: { kind: 'FOREIGN' },
  PARTIAL: { kind: 'PARTIAL', snapshot: { id: 'old', time: 1 } },
  CORRUPT: { kind: 'CORRUPT', problems: ['quick_check failed'] },
  UNREADABLE: { kind: 'UNREADABLE', reason: 'EIO' },
};

/** Action by volume and repository; `refuse!` is a refusal that may change, `-> x` what is tried first. */
const TABLE: Readonly<Record<VolumeState['kind'], readonly [has: string, none: string, unknown: string]>> = {
  EMPTY: ['restore -> new', 'refuse', 'refuse!'],
  HEALTHY: ['nothing', 'nothing', 'nothing'],
  FOREIGN: ['adopt', 'adopt', 'adopt'],
  PARTIAL: ['restore -> old', 'refuse', 'refuse!'],
  CORRUPT: ['restore -> new', 'refuse', 'refuse!'],
  UNREADABLE: ['refuse', 'refuse', 'refuse'],
};

function shown(volume: VolumeState, repository: RepositoryState, onMissing: 'fail' | 'allow' = 'fail') {
  const decision = decide(volume, repository, { onMissing });
  switch (decision.action) {
    case 'restore':
      return `restore -> ${decision.candidates[0]?.id}`;
    case 'refuse':
      return decision.mayChange ? 'refuse!' : 'refuse';
    default:
      return decision.action;
  }
}

const cells = Object.entries(TABLE).flatMap(([kind, [onHas, onNone, onUnknown]]) => {
  const volume = volumes[kind as VolumeState['kind']];
  return [
    { volume, repository: has, expected: onHas },
    { volume, repository: none, expected: onNone },
    ...unknownKinds().map((reason) => ({ volume, repository: unknown(reason), expected: onUnknown })),
  ].map((cell) => ({ ...cell, name: nameOf(cell.volume, cell.repository) }));
});

function unknownKinds(): readonly UnknownReason['kind'][] {
  return ['unreachable', 'denied', 'absent', 'password', 'damaged', 'tool', 'failed'];
}

function nameOf(volume: VolumeState, repository: RepositoryState): string {
  const reason = repository.kind === 'UNKNOWN' ? ` (${repository.reason.kind})` : '';
  return `${volume.kind} x ${repository.kind}${reason}`;
}

describe('the decision of a restore', () => {
  it.each(cells)('$name: $expected', ({ volume, repository, expected }) => {
    expect(shown(volume, repository)).toBe(expected);
  });

  it.each(cells)('$name with on-missing=allow: only an empty volume may start empty', (cell) => {
    const { volume, repository, expected } = cell;
    const isMissing =
      repository.kind === 'NONE' || (repository.kind === 'UNKNOWN' && repository.reason.kind === 'absent');
    const isAllowed = volume.kind === 'EMPTY' && isMissing;
    expect(shown(volume, repository, 'allow')).toBe(isAllowed ? 'start-empty' : expected);
  });

  it('starts nothing empty where there is data without a snapshot', () => {
    const suspect: RepositoryState = { kind: 'NONE', isSuspect: true };
    for (const volume of [volumes.EMPTY, volumes.PARTIAL, volumes.CORRUPT]) {
      expect(shown(volume, suspect, 'allow')).toBe('refuse');
    }
  });

  it('tries every snapshot in turn, from the newest', () => {
    expect(decide(volumes.CORRUPT, has, { onMissing: 'fail' })).toMatchObject({
      candidates: [{ id: 'new' }, { id: 'old' }],
    });
  });

  it('starts over when the snapshot of an interrupted restore is gone', () => {
    const volume: VolumeState = { kind: 'PARTIAL', snapshot: { id: 'gone', time: 3 } };
    expect(shown(volume, has)).toBe('restore -> new');
  });

  it('asks no repository for a volume that is good, or that cannot be judged', () => {
    const asking = Object.values(volumes).filter(needsRepository);
    expect(asking.map(({ kind }) => kind)).toEqual(['EMPTY', 'PARTIAL', 'CORRUPT']);
  });

  it('refuses when a repository that is needed was not asked', () => {
    expect(decide(volumes.EMPTY, undefined, { onMissing: 'allow' }).action).toBe('refuse');
  });
});
