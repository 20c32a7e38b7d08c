/** restic's list of snapshots -> those of a volume. Pure. */
import { basename, normalize } from 'node:path/posix';
import { parseJson } from '../../../core/parse-json.ts';
import { MANIFEST_NAME, type RepositoryState, type Snapshot } from '../../model.ts';
import { numberOf } from './messages.ts';

export const PARTIAL_TAG = 'partial';
/** restic's own sum has the manifest in it. */
export const bytesTag = (bytes: number): string => `${BYTES_TAG}${bytes}`;
const BYTES_TAG = 'bytes=';
export const volumeTag = (name: string): string => `volume=${name}`;

const ID = /^[\da-f]{64}$/;
/** restic says some 30 values of a snapshot, in 700 bytes. */
const LIMITS = { values: 3_000_000, shapes: 100_000 };

/** Entries of the JSON that have what every snapshot has. */
interface ListedSnapshot {
  readonly id: string;
  readonly time: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  readonly summary: Readonly<Record<string, unknown>> | undefined;
}

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function read(item: unknown): ListedSnapshot | undefined {
  if (typeof item !== 'object' || item === null) {
    return undefined;
  }
  const { id, time, paths, tags, summary } = item as Readonly<Record<string, unknown>>;
  const isUsable =
    typeof id === 'string' &&
    ID.test(id) &&
    typeof time === 'string' &&
    !Number.isNaN(Date.parse(time)) &&
    isStrings(paths);
  return isUsable
    ? {
        id,
        time,
        paths,
        tags: isStrings(tags) ? tags : [],
        summary:
          typeof summary === 'object' && summary !== null ? (summary as Record<string, unknown>) : undefined,
      }
    : undefined;
}

/**
 * One volume and at most one manifest, each by its path from the root: what else a snapshot with our tag holds would be
 * lost without a word.
 */
function isOfOneVolume({ paths }: ListedSnapshot): boolean {
  const content = paths.filter((path) => path !== manifestOf(paths));
  return content.length === 1 && paths.every((path) => path.startsWith('/') && normalize(path) === path);
}

const manifestOf = (paths: readonly string[]): string | undefined =>
  paths.find((path) => basename(path) === MANIFEST_NAME);

function parseDocument(json: string): readonly unknown[] | undefined {
  try {
    const parsed = parseJson(json, LIMITS);
    // It prints `null` for an empty list in some versions.
    return parsed === null ? [] : Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Ids as `restic list snapshots` prints them, among whatever else it says. */
export const parseIds = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => ID.test(line));

/**
 * What the repository has of a volume. restic leaves snapshots that it cannot read out of its JSON and still ends with
 * 0, so what it lists and what it can read are compared: with none left of ours, one of the damaged may have been.
 * @param ids of all snapshot objects
 * @param json all snapshots that could be read
 */
export function stateFrom(
  ids: readonly string[],
  json: string,
  name: string,
  location: string,
): RepositoryState {
  const document = parseDocument(json);
  if (document === undefined) {
    return damaged(`${location}: restic's list of snapshots is no JSON, or far too long`);
  }
  const listed = document.map(read).filter((item) => item !== undefined);
  const readable = new Set(listed.map(({ id }) => id));
  const tag = volumeTag(name);
  const ours = listed.filter(({ tags }) => tags.includes(tag));
  const usable = ours.filter(isOfOneVolume);
  const missing = [
    ...ids.filter((id) => !readable.has(id)),
    ...ours.filter((item) => !usable.includes(item)).map(({ id }) => id),
  ];
  const snapshots = usable.map(snapshotOf).toSorted((a, b) => b.time - a.time);
  if (snapshots.length > 0) {
    return { kind: 'HAS', snapshots, damaged: missing };
  }
  return missing.length > 0 || listed.length < document.length
    ? damaged(
        `${location}: ${missing.length} of ${ids.length} snapshots cannot be read or hold more than one volume, and no other is of ${name}`,
      )
    : { kind: 'NONE' };
}

function damaged(message: string): RepositoryState {
  const hint = 'look at it with `restic check`; nothing is restored from what cannot be read';
  return { kind: 'UNKNOWN', reason: { kind: 'damaged', message, hint } };
}

function snapshotOf({ id, time, paths, tags, summary }: ListedSnapshot): Snapshot {
  const manifest = manifestOf(paths);
  const files = summary && numberOf(summary['total_files_processed']) - (manifest === undefined ? 0 : 1);
  return {
    id,
    time: Date.parse(time),
    root: paths.find((path) => path !== manifest),
    manifest,
    files,
    bytes: taggedBytes(tags) ?? (summary && numberOf(summary['total_bytes_processed'])),
    isPartial: tags.includes(PARTIAL_TAG),
  };
}

function taggedBytes(tags: readonly string[]): number | undefined {
  const digits = tags.find((tag) => tag.startsWith(BYTES_TAG))?.slice(BYTES_TAG.length) ?? '';
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}
