/**
 * What outlives the process and nobody else may write: which commits were published, and the one that is pinned. A record in
 * the root would be anybody's who can write there: it could name a commit of their own making.
 */
import process from 'node:process';
import { defineErrors } from '../../../core/errors.ts';
import { withDirectory } from '../../../core/foreign-files/below.ts';
import { type ForeignDirectory, withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { sha256 } from '../../../core/sha256.ts';
import { isFullHash } from '../../../git/object-name.ts';
import { STATE_DIRECTORY } from './state-place.ts';

export const STATE_ERRORS = defineErrors({
  state_not_private: {
    message: ({ path }: { readonly path: string }) =>
      `${path} is not a directory of this user alone: no rollback is read from it`,
    hint: 'set --state-dir to a directory that no other user and no other container writes to',
  },
  pin_unreadable: {
    message: ({ path }: { readonly path: string }) => `the record of a rollback in ${path} cannot be read`,
    hint: 'pillion git-sync rollback --release, or roll back once more; what is published stays',
  },
  revision_gone: {
    message: ({ hash }: { readonly hash: string }) => `the pinned revision ${hash} is not there any more`,
    hint: 'pillion git-sync rollback --release, or roll back to another revision; what is published stays',
  },
});

/** A commit that was published. */
export interface Revision {
  readonly hash: string;
  /** When it was published last, as ISO 8601. */
  readonly publishedAt: string;
  /** Its tree was not begun again since then. */
  readonly isWhole: boolean;
  /** How its signature was verified: the setting of `--verify`. */
  readonly verify: string;
}

/** What a sync tells of itself. */
export interface History {
  readonly root: string;
  /** Of the link, or the copy. */
  readonly link: string;
  /** Without a password. */
  readonly repository: string;
  readonly published: string | null;
  /** The pin that it follows. */
  readonly pin: string | null;
  /** When the rollback or release was recorded that it has taken note of last, as that record says. */
  readonly seen?: string | null;
  /** The same of the last that a sync has succeeded with. */
  readonly done?: string | null;
  /** Oldest first. */
  readonly revisions: readonly Revision[];
}

export interface Pin {
  readonly hash: string;
  /** As ISO 8601. */
  readonly since: string;
}

/** What the user has asked for last: a pin, or with `null` none. */
export interface PinRecord {
  readonly hash: string | null;
  /** As ISO 8601. */
  readonly since: string;
}

export const HISTORY_FILE = 'history.json';
export const PIN_FILE = 'pin.json';
const MAX_BYTES = 1024 * 1024;

/** The directory of one sync. */
export function stateKey(root: string, link: string): string {
  return sha256(`${root}\0${link}`).slice(0, 16);
}

/** The path of its pin, to be watched. */
export const pinPath = (base: string, key: string) => `${base}/${STATE_DIRECTORY}/${key}/${PIN_FILE}`;

async function isPrivate(directory: ForeignDirectory): Promise<boolean> {
  const { uid, mode } = await directory.statOfItself();
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

/**
 * Opens the directory of all records; undefined when there is none and none is made.
 * @throws PillionError `state_not_private`
 */
export function withState<T>(
  base: string,
  isMade: boolean,
  use: (state: ForeignDirectory | undefined) => Promise<T>,
): Promise<T> {
  return withForeignRoot(base, async (top) => {
    const state = isMade ? await top.make(STATE_DIRECTORY, 0o700) : await top.open(STATE_DIRECTORY);
    const isOther = state === undefined && (isMade || (await top.stat(STATE_DIRECTORY)) !== undefined);
    try {
      if (isOther || (state !== undefined && !(await isPrivate(state)))) {
        throw STATE_ERRORS.state_not_private({ path: `${base}/${STATE_DIRECTORY}` });
      }
      return await use(state);
    } finally {
      await state?.close();
    }
  });
}

/** The same for the directory of one sync, which is made. */
export function withRecords<T>(
  base: string,
  key: string,
  use: (records: ForeignDirectory) => Promise<T>,
): Promise<T> {
  return withState(base, true, async (state) => {
    await (await state?.make(key, 0o700))?.close();
    return withDirectory(state as ForeignDirectory, key, async (records) => {
      if (records === undefined) {
        throw STATE_ERRORS.state_not_private({ path: `${base}/${STATE_DIRECTORY}/${key}` });
      }
      return use(records);
    });
  });
}

export async function writeRecord(directory: ForeignDirectory, name: string, record: object): Promise<void> {
  await directory.write(name, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

async function readRecord(directory: ForeignDirectory, name: string): Promise<unknown> {
  const text = await directory.readText(name, { maxBytes: MAX_BYTES });
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isHash = (value: unknown): value is string => typeof value === 'string' && isFullHash(value);
const isText = (value: unknown): value is string => typeof value === 'string';

function isRevision(value: unknown): value is Revision {
  return (
    isObject(value) &&
    isHash(value['hash']) &&
    isText(value['publishedAt']) &&
    typeof value['isWhole'] === 'boolean' &&
    isText(value['verify'])
  );
}

function isHistory(value: unknown): value is History {
  return (
    isObject(value) &&
    [value['root'], value['link'], value['repository']].every(isText) &&
    [value['published'], value['pin']].every((hash) => hash === null || isHash(hash)) &&
    [value['seen'], value['done']].every((since) => since === undefined || since === null || isText(since)) &&
    Array.isArray(value['revisions']) &&
    value['revisions'].every(isRevision)
  );
}

/** Undefined when there is none, or none that could be of ours. */
export async function readHistory(records: ForeignDirectory): Promise<History | undefined> {
  const found = await readRecord(records, HISTORY_FILE);
  return isHistory(found) ? found : undefined;
}

/**
 * Undefined when nothing was ever recorded.
 * @throws PillionError `pin_unreadable`
 */
export async function readPinRecord(records: ForeignDirectory): Promise<PinRecord | undefined> {
  const found = await readRecord(records, PIN_FILE);
  if (found === undefined) {
    return undefined;
  }
  const since = isObject(found) ? found['since'] : undefined;
  if (isObject(found) && (found['hash'] === null || isHash(found['hash']))) {
    if (isText(since) || found['hash'] === null) {
      return { hash: found['hash'], since: isText(since) ? since : '' };
    }
  }
  throw STATE_ERRORS.pin_unreadable({ path: `${records.shownPath}/${PIN_FILE}` });
}

/** There always is a file, so that whoever watches it is told of a change. */
export const writePin = (records: ForeignDirectory, record: PinRecord): Promise<void> =>
  writeRecord(records, PIN_FILE, record);
