/** Why a volume must not be stored over good history. Pure. */
import type { Recovered, RepositoryState } from '../model.ts';

export interface Sizes {
  readonly files: number;
  readonly bytes: number;
}

export interface GuardSettings {
  /** Percent of the files or bytes that may be lost since the last snapshot. */
  readonly maxShrink: number;
  readonly allowShrink: boolean;
  readonly allowUnmarked: boolean;
}

export interface Refusal {
  readonly why: string;
  readonly hint: string;
}

export interface VolumeFacts {
  readonly recovered: Recovered;
  readonly isEmpty: boolean;
  /** It was restored, adopted or allowed to start empty by a restore, or backed up before. */
  readonly isMarked: boolean;
}

/** Before anything is read. */
export function refusalByState(
  { recovered, isEmpty, isMarked }: VolumeFacts,
  repository: RepositoryState,
  now: number,
  { allowUnmarked }: GuardSettings,
): Refusal | undefined {
  if (recovered.kind !== 'nothing') {
    return {
      why: 'a restore of the volume was interrupted',
      hint: 'run `pillion restore` first: it goes on',
    };
  }
  if (isEmpty) {
    return {
      why: 'the volume is empty',
      hint: 'run `pillion restore` before the application; an empty volume is never stored',
    };
  }
  if (repository.kind !== 'HAS') {
    return undefined;
  }
  const [newest] = repository.snapshots;
  if (!isMarked && !allowUnmarked) {
    return {
      why: 'the repository has snapshots, and the volume was never looked at by `pillion restore`: it may be another one, or have started empty',
      hint: 'run `pillion restore` before the application, or --allow-unmarked when it surely is the right one',
    };
  }
  if (newest !== undefined && newest.time > now) {
    const seconds = Math.ceil((newest.time - now) / 1000);
    return {
      why: `the clock is ${seconds} s behind the newest snapshot: a new one would count as older`,
      hint: 'set the clock right',
    };
  }
  return undefined;
}

/** When the volume has been described. */
export function refusalBySize(
  now: Sizes,
  repository: RepositoryState,
  { maxShrink, allowShrink }: GuardSettings,
): Refusal | undefined {
  if (now.files === 0) {
    return { why: 'the volume has no files', hint: 'an empty volume is never stored' };
  }
  const last =
    repository.kind === 'HAS' ? repository.snapshots.find(({ isPartial }) => isPartial !== true) : undefined;
  if (last === undefined || allowShrink) {
    return undefined;
  }
  const lost = [
    lossOf('files', last.files, now.files, maxShrink),
    lossOf('bytes', last.bytes, now.bytes, maxShrink),
  ];
  const [first] = lost.filter((text) => text !== undefined);
  return first === undefined
    ? undefined
    : { why: `the volume has ${first}`, hint: '--allow-shrink stores it this time, when that is right' };
}

function lossOf(
  what: string,
  before: number | undefined,
  now: number,
  maxShrink: number,
): string | undefined {
  if (before === undefined || before <= 0 || now >= before * (1 - maxShrink / 100)) {
    return undefined;
  }
  const percent = Math.round((1 - now / before) * 100);
  return `${now} ${what}, and had ${before} at the last backup: ${percent} % less`;
}
