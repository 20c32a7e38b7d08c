/** What a commit says of the snapshot that it is, so that the newest tells of all. Pure. */
import type { Snapshot } from '../../model.ts';

export interface SnapshotFacts {
  readonly volume: string;
  readonly time: number;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 of the manifest. */
  readonly digest: string;
  readonly isPartial: boolean;
  /** Newest first. */
  readonly earlier: readonly EarlierSnapshot[];
}

export type EarlierSnapshot = Pick<Snapshot, 'id' | 'time' | 'files' | 'bytes' | 'isPartial'>;

/** So many older snapshots are named; the history has more. */
export const MAX_EARLIER = 50;
const HASH = '(?:[0-9a-f]{40}|[0-9a-f]{64})';
const EARLIER = new RegExp(`^(${HASH}) (\\d{1,15}) (\\d{1,15}) (\\d{1,16})( partial)?$`);

export function renderMessage({
  volume,
  time,
  files,
  bytes,
  digest,
  isPartial,
  earlier,
}: SnapshotFacts): string {
  return [
    `Backup of ${volume} at ${new Date(time).toISOString()}`,
    '',
    'Pillion-Version: 1',
    `Pillion-Volume: ${volume}`,
    `Pillion-Time: ${time}`,
    `Pillion-Files: ${files}`,
    `Pillion-Bytes: ${bytes}`,
    `Pillion-Manifest: ${digest}`,
    ...(isPartial ? ['Pillion-Partial: true'] : []),
    ...earlier
      .slice(0, MAX_EARLIER)
      .map(
        (each) =>
          `Pillion-Earlier: ${each.id} ${each.time} ${each.files ?? 0} ${each.bytes ?? 0}${each.isPartial === true ? ' partial' : ''}`,
      ),
    '',
  ].join('\n');
}

/** Undefined for a commit that Pillion has not made. */
export function parseMessage(text: string): SnapshotFacts | undefined {
  const values = new Map<string, string>();
  const earlier: EarlierSnapshot[] = [];
  for (const line of text.split('\n')) {
    const match = /^Pillion-([A-Z][a-z]+): (.*)$/.exec(line);
    if (match?.[1] === 'Earlier') {
      earlier.push(...earlierFrom(match[2] ?? ''));
    } else if (match?.[1] !== undefined) {
      values.set(match[1], match[2] ?? '');
    }
  }
  const volume = values.get('Volume');
  const digest = values.get('Manifest') ?? '';
  const [time, files, bytes] = ['Time', 'Files', 'Bytes'].map((key) => wholeNumber(values.get(key)));
  const isComplete =
    volume !== undefined &&
    time !== undefined &&
    files !== undefined &&
    bytes !== undefined &&
    /^[0-9a-f]{64}$/.test(digest);
  if (values.get('Version') !== '1' || !isComplete) {
    return undefined;
  }
  const isPartial = values.get('Partial') === 'true';
  return { volume, time, files, bytes, digest, isPartial, earlier: earlier.slice(0, MAX_EARLIER) };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function earlierFrom(text: string): EarlierSnapshot[] {
  const [, id, time, files, bytes, partial] = EARLIER.exec(text) ?? [];
  return id === undefined
    ? []
    : [
        {
          id,
          time: Number(time),
          files: Number(files),
          bytes: Number(bytes),
          isPartial: partial !== undefined,
        },
      ];
}
