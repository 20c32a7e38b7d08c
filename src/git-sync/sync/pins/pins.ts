/** The running sync's side of a rollback: it remembers what it has published, and follows a pin before the ref. */
import type { Clock } from '../../../core/clock.ts';
import { errorMessage } from '../../../core/errors.ts';
import { fileIdentity, watchFile } from '../../../core/files/watch-file.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Emit, SyncObserver } from '../events.ts';
import { pruned, withBegun, withPublished } from './revisions.ts';
import {
  HISTORY_FILE,
  type History,
  PIN_FILE,
  type Pin,
  type PinRecord,
  pinPath,
  readHistory,
  readPinRecord,
  STATE_ERRORS,
  stateKey,
  withRecords,
  withState,
  writePin,
  writeRecord,
} from './state.ts';

export interface PinsInit {
  /** The directory that the user has named for state, or its stand-in. */
  readonly base: string;
  readonly root: string;
  /** What readers know: the link, or the copy. */
  readonly link: string;
  /** Without a password. */
  readonly repository: string;
  /** How many revisions stay besides the published one. */
  readonly keep: number;
  /** The setting of `--verify`. */
  readonly verify: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly emit: Emit;
}

/** What is known of a commit that was published before. */
export interface Remembered {
  /** Its tree was not begun again since. */
  readonly isKnown?: boolean;
  /** The signature of the tag that it was published for was verified: the ref has another by now. */
  readonly wasAdmitted?: boolean;
}

export interface Pins {
  /**
   * What is to be published instead of what the ref is at.
   * @throws PillionError `pin_unreadable`, `state_not_private`
   */
  current(): Promise<Pin | undefined>;
  remembered(hash: string): Remembered;
  readonly observe: SyncObserver;
  /** Calls `changed` when a pin was set or released; ends with the signal. */
  watch(signal: AbortSignal, changed: () => void): Promise<void>;
}

const asPin = ({ hash, since }: PinRecord): Pin | undefined => (hash === null ? undefined : { hash, since });

/**
 * Whether an earlier process has kept revisions for this link. A directory that is not ours alone says nothing: where none
 * are kept it may be anybody's.
 */
export async function hasRecords(
  base: string,
  { root, link }: Pick<PinsInit, 'root' | 'link'>,
  log: Log,
): Promise<boolean> {
  try {
    return await withState(
      base,
      false,
      async (state) => (await state?.stat(stateKey(root, link)))?.isDirectory() === true,
    );
  } catch (error) {
    if (!STATE_ERRORS.state_not_private.matches(error)) {
      throw error;
    }
    log.warn('no rollback is read', { reason: errorMessage(error) });
    return false;
  }
}

/** Reads what an earlier process has left. @throws PillionError `state_not_private`, `write_failed` */
export async function openPins(init: PinsInit): Promise<Pins> {
  const { base, root, link, repository, keep, clock, log } = init;
  const key = stateKey(root, link);
  const now = () => new Date(clock.now()).toISOString();
  let pin: Pin | undefined;
  let history: History = await withRecords(base, key, async (records) => {
    await records.removeHalfWritten(HISTORY_FILE);
    const found = await readHistory(records);
    const isOther = found !== undefined && found.repository !== repository;
    if (isOther) {
      // Its commits, and a pin to one of them, say nothing about this repository.
      log.info('forgetting the revisions of another repository', { repository: found.repository });
    }
    if (isOther || (await records.stat(PIN_FILE)) === undefined) {
      await writePin(records, { hash: null, since: now() });
    }
    const revisions = isOther ? {} : found;
    return {
      published: null,
      revisions: [],
      ...revisions,
      pin: null,
      seen: null,
      done: null,
      root,
      link,
      repository,
    };
  });

  async function save(next: History): Promise<void> {
    history = next;
    await withRecords(base, key, (records) => writeRecord(records, HISTORY_FILE, next)).catch(
      (error: unknown) =>
        log.warn('cannot record what was published: a rollback may not find it', {
          reason: errorMessage(error),
        }),
    );
  }

  const isNews = (hash: string) => history.published !== hash || history.done !== (history.seen ?? null);

  async function published(hash: string): Promise<void> {
    const fresh = { hash, publishedAt: now(), isWhole: true, verify: init.verify };
    const all = withPublished(history.revisions, fresh, pin?.hash === hash);
    const revisions = pruned(all, keep + 1, [hash, pin?.hash ?? null]);
    await save({ ...history, published: hash, pin: pin?.hash ?? null, revisions });
  }

  return {
    async current() {
      const record = await withRecords(base, key, readPinRecord);
      const found = record && asPin(record);
      if (found?.hash !== pin?.hash) {
        log.info(found === undefined ? 'the rollback was released' : 'rolled back: the ref is not followed', {
          hash: found?.hash ?? pin?.hash,
        });
        pin = found;
        await init.emit({ kind: 'pin-changed', pin });
      }
      // Told at once: whether it can be published is another question.
      if (record !== undefined && record.since !== history.seen) {
        await save({ ...history, pin: pin?.hash ?? null, seen: record.since });
      }
      return pin;
    },
    remembered(hash) {
      const revision = history.revisions.find((each) => each.hash === hash);
      const wasAdmitted = init.verify === 'tag' && revision?.verify === 'tag';
      return { isKnown: revision?.isWhole === true, wasAdmitted };
    },
    async observe(event) {
      if (event.kind === 'adding-worktree') {
        const revisions = withBegun(history.revisions, event.hash);
        await (history.revisions.some((each) => each.hash === event.hash && each.isWhole)
          ? save({ ...history, revisions })
          : undefined);
      } else if (event.kind === 'published') {
        await published(event.change.remote);
      } else if (event.kind === 'pass-succeeded' && isNews(event.result.hash)) {
        await save({ ...history, published: event.result.hash, done: history.seen ?? null });
      }
    },
    async watch(signal, changed) {
      const path = pinPath(base, key);
      await watchFile(path, await fileIdentity(path), clock, signal, async () => changed());
    },
  };
}
