/** Describes and stores a volume while others may write to it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { together } from '../../core/together.ts';
import { STORE_ERRORS } from '../errors.ts';
import { changedSince } from '../manifest/changed-since.ts';
import { MANIFEST_ERRORS } from '../manifest/errors.ts';
import { fingerprintOf } from '../manifest/fingerprint.ts';
import { scanVolume } from '../manifest/scan.ts';
import { changedInTick } from '../manifest/unsettled.ts';
import {
  type BackupRequest,
  type Engine,
  type EngineWork,
  MANIFEST_NAME,
  type ReadBack,
  type ScanResult,
  type Snapshot,
  type StoredSnapshot,
} from '../model.ts';
import type { BackupDeps, BackupSpec } from './make-backup.ts';
import { unchangedSnapshot } from './repeat.ts';

/** In the work directory: the manifest of the last backup, which knows the hashes of what has not changed since. */
export const PREVIOUS = 'previous-manifest';
const MAX_NAMED = 5;

export interface QuietlyStored {
  readonly stored: StoredSnapshot;
  readonly request: BackupRequest;
  readonly scan: ScanResult;
  /** Nothing of it is marked as changing: an engine that walks by itself has found exactly what the manifest has. */
  readonly isQuiet: boolean;
  /** What was stored while the volume changed: to be removed. */
  readonly torn: readonly Snapshot[];
  readonly back: ReadBack;
}

/** What the repository said. */
export interface Asked {
  /** Throws when what was found must not be stored. */
  judge(scan: ScanResult): void;
  /** Of the volume, newest first. */
  readonly snapshots: readonly Snapshot[];
}

/**
 * Stores the volume until nothing has changed meanwhile, but for what had changed before: files of which only the name is
 * compared at a restore then, and directories in which entries come and go.
 * @param ask what the first scan need not wait for: the question to the repository
 * @throws PillionError `store_failed` when it does not come to rest
 */
export async function storeQuietly(
  { volume, exclude, workDir, attempts }: BackupSpec,
  { engine, clock, log, onProgress }: BackupDeps,
  ask: (signal: AbortSignal) => Promise<Asked>,
  signal: AbortSignal,
): Promise<QuietlyStored> {
  const manifest = join(workDir, MANIFEST_NAME);
  const changing = new Map<string, Buffer>();
  const torn: Snapshot[] = [];
  for (let attempt = 1; ; attempt += 1) {
    await rm(manifest, { force: true });
    const [scan, { judge, snapshots }] = await together(
      signal,
      (both) =>
        scanVolume(volume, manifest, {
          signal: both,
          exclude,
          previous: join(workDir, PREVIOUS),
          changing: [...changing.values()],
          onProgress,
        }),
      ask,
    );
    judge(scan);
    tellLeftOut(scan, log);
    const request = {
      volume,
      manifest,
      exclude,
      mounts: scan.mounts,
      bytes: scan.bytes,
      now: clock.now(),
      isPartial: false,
    };
    const unchanged = await unchangedSnapshot(workDir, request, scan, snapshots);
    const changes = async (during: AbortSignal) => {
      const options = { signal: during, exclude };
      const isSame = (await fingerprintOf(volume, options)) === scan.fingerprint;
      const seen = isSame ? [] : await changedSince(volume, manifest, options);
      return seen.length > 0
        ? seen
        : await changedInTick(volume, scan.unsettled, {
            clock,
            signal: during,
            changing: new Set(changing.keys()),
          });
    };
    const isStill = async (during: AbortSignal) => (await changes(during)).length === 0;
    const stored = await storeUnlessChanged(
      engine,
      { ...request, unchanged, isStill },
      { signal, onProgress },
    );
    // What changes now was not read.
    const isOver = stored?.isRepeated === true || stored?.isSettled === true;
    const changesSince = async (both: AbortSignal) => (isOver ? [] : await changes(both));
    const [changed, back] = await together(signal, changesSince, (both) =>
      readBack(stored, engine, { signal: both, onProgress }),
    );
    if (changed.length === 0 && stored !== undefined && back !== undefined) {
      return { stored, request, scan, torn, isQuiet: changing.size === 0, back: back() };
    }
    torn.push(...(stored === undefined ? [] : [stored.snapshot]));
    const such = changed.slice(0, MAX_NAMED).map((path) => String(path) || '.');
    if (attempt >= attempts) {
      await forgetTorn(engine, torn, log, signal);
      throw STORE_ERRORS.store_failed({
        message: `the volume changed while it was read, again and again: ${changed.length} changes, such as ${such.join(', ')}`,
        hint: 'stop or freeze the application in a --pre hook, --exclude what need not be kept, or allow more --attempts',
      });
    }
    log.warn('the volume changed while it was read: reading it again', { changes: changed.length, such });
    changed.forEach((path) => changing.set(path.toString('latin1'), path));
  }
}

/**
 * What the repository has of a snapshot, or the failure to find out, which is nobody's business when the volume has changed
 * meanwhile.
 */
async function readBack(
  stored: StoredSnapshot | undefined,
  engine: Engine,
  work: EngineWork,
): Promise<(() => ReadBack) | undefined> {
  if (stored === undefined) {
    return undefined;
  }
  work.onProgress?.({ phase: 'read-back', filesDone: 0, bytesDone: 0 });
  try {
    const back = await engine.readBack(stored.snapshot, work, stored.unproved);
    return () => back;
  } catch (error) {
    work.signal.throwIfAborted();
    return () => {
      throw error;
    };
  }
}

/** Undefined when the engine itself saw that the volume is not as its manifest says. */
async function storeUnlessChanged(
  engine: Engine,
  request: BackupRequest,
  work: EngineWork,
): Promise<StoredSnapshot | undefined> {
  try {
    return await engine.backup(request, work);
  } catch (error) {
    if (MANIFEST_ERRORS.volume_changed.matches(error)) {
      return undefined;
    }
    throw error;
  }
}

/** No restore takes them, since they do not verify; but they would count for retention, and confuse people. */
export async function forgetTorn(
  engine: Engine,
  torn: readonly Snapshot[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (torn.length === 0) {
    return;
  }
  try {
    await engine.forget(torn, { signal });
  } catch (error) {
    signal.throwIfAborted();
    log.warn(
      'snapshots that were torn stay in the repository; they do not verify, so no restore takes them',
      {
        snapshots: torn.map(({ id }) => id),
        error: errorMessage(error),
      },
    );
  }
}

function tellLeftOut({ leftOut, leftOutCount }: ScanResult, log: Log): void {
  if (leftOutCount > 0) {
    const such = leftOut.slice(0, MAX_NAMED).map(({ path, type }) => `${path} (${type})`);
    log.at(1, 'left out what no snapshot keeps', { entries: leftOutCount, such });
  }
}
