/** One backup: guards, hooks, manifest, the engine, the read back, retention. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import { readMarker, writeMarker } from '../commit/marker.ts';
import { recover } from '../commit/recover.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import { changedSince } from '../manifest/changed-since.ts';
import { MANIFEST_ERRORS } from '../manifest/errors.ts';
import { scanVolume } from '../manifest/scan.ts';
import {
  type Engine,
  MANIFEST_NAME,
  type OnProgress,
  type RepositoryState,
  type ScanResult,
  type Snapshot,
  type StoredSnapshot,
} from '../model.ts';
import { isEmpty, requireVolume } from '../volume/inspect.ts';
import { type GuardSettings, type Refusal, refusalBySize, refusalByState } from './guards.ts';
import { type HookSpec, withHooks } from './hooks.ts';
import { type RetentionRules, removable } from './retention.ts';

export interface BackupSpec {
  readonly volume: string;
  readonly name: string;
  readonly exclude: readonly string[];
  readonly workDir: string;
  /** Make the repository when there surely is none. */
  readonly init: boolean;
  readonly guards: GuardSettings;
  readonly hooks: HookSpec;
  /** How often the volume is read when files change meanwhile. */
  readonly attempts: number;
  readonly retention: RetentionRules;
}

export interface BackupDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress: OnProgress;
}

export interface BackupOutcome {
  readonly snapshot: Snapshot;
  readonly files: number;
  readonly bytes: number;
  /** Bytes that the repository grew by, where the engine knows. */
  readonly added: number | undefined;
  /** Files that are not compared at a restore, since they changed while they were read. */
  readonly changing: number;
  readonly removed: number;
}

export interface Signals {
  /** Ends the backup. */
  readonly signal: AbortSignal;
  /** Ends what tidies up after it: the post hooks. */
  readonly deadline: AbortSignal;
}

const PREVIOUS = 'previous-manifest';

/**
 * Success means that the snapshot was read back.
 * @throws PillionError `backup_refused`, `repository_unknown`, `store_failed`, `read_back_failed`, `command_failed`, ...
 */
export async function makeBackup(
  spec: BackupSpec,
  deps: BackupDeps,
  signals: Signals,
): Promise<BackupOutcome> {
  const { signal } = signals;
  await requireVolume(spec.volume);
  const repository = await openRepository(spec, deps, signal);
  await refuseByState(spec, deps, repository);
  return withHooks(spec.hooks, spec.volume, deps.log, signals, async () => {
    const { stored, scan } = await storeQuietly(spec, deps, repository, signal);
    await readBack(stored, scan, deps, signal);
    await rename(join(spec.workDir, MANIFEST_NAME), join(spec.workDir, PREVIOUS));
    await mark(spec, deps);
    const removed = await prune(spec, deps, repository, stored, signal);
    const { snapshot, files, added } = stored;
    return { snapshot, files, bytes: scan.bytes, added, changing: scan.changing, removed };
  });
}

function refuse(refusal: Refusal | undefined): void {
  if (refusal !== undefined) {
    throw BACKUP_ERRORS.backup_refused({ message: `not backed up: ${refusal.why}`, hint: refusal.hint });
  }
}

async function refuseByState(
  spec: BackupSpec,
  { clock }: BackupDeps,
  repository: RepositoryState,
): Promise<void> {
  const { volume, guards } = spec;
  const facts = {
    recovered: await recover(volume, { isReadOnly: true }),
    isEmpty: await isEmpty(volume, []),
    isMarked: (await readMarker(volume)) !== undefined,
  };
  refuse(refusalByState(facts, repository, clock.now(), guards));
}

async function openRepository(
  { init }: BackupSpec,
  { engine, log }: BackupDeps,
  signal: AbortSignal,
): Promise<RepositoryState> {
  const state = await engine.state(signal);
  if (state.kind !== 'UNKNOWN') {
    return state;
  }
  const { kind, message, hint } = state.reason;
  if (kind !== 'absent' || !init) {
    throw BACKUP_ERRORS.repository_unknown({
      message: `the repository cannot be asked (${kind}): ${message}`,
      hint,
    });
  }
  await engine.init(signal);
  log.info('made the repository');
  return { kind: 'NONE' };
}

/** Reads the volume until nothing changed meanwhile but what is known to change. */
async function storeQuietly(
  spec: BackupSpec,
  { engine, clock, log, onProgress }: BackupDeps,
  repository: RepositoryState,
  signal: AbortSignal,
): Promise<{ readonly stored: StoredSnapshot; readonly scan: ScanResult }> {
  const { volume, exclude, workDir, attempts } = spec;
  const manifest = join(workDir, MANIFEST_NAME);
  const changing = new Map<string, Buffer>();
  for (let attempt = 1; ; attempt += 1) {
    await rm(manifest, { force: true });
    const scan = await scanVolume(volume, manifest, {
      signal,
      exclude,
      previous: join(workDir, PREVIOUS),
      changing: [...changing.values()],
      onProgress,
    });
    refuse(refusalBySize(scan, repository, spec.guards));
    warnOfLeftOut(scan, log);
    const request = { volume, manifest, exclude, bytes: scan.bytes, now: clock.now(), isPartial: false };
    // An engine that reads files itself stores nothing when one is not as the manifest says any more.
    const stored = await engine.backup(request, { signal, onProgress }).catch((error: unknown) => {
      if (MANIFEST_ERRORS.volume_changed.matches(error)) {
        return undefined;
      }
      throw error;
    });
    const changed = await changedSince(volume, manifest, { signal, exclude });
    if (stored !== undefined && changed.length === 0) {
      return { stored, scan };
    }
    const names = changed.slice(0, 5).map(String).join(', ');
    if (attempt >= attempts) {
      const message = `${changed.length} files changed while they were read, again and again: ${names}`;
      const hint =
        'stop or freeze the application in a --pre hook, --exclude what is only a log, or allow more --attempts';
      const torn = stored === undefined ? [] : [stored.snapshot];
      await engine.forget(torn, { signal }).catch((error: unknown) => {
        log.warn('the torn snapshot stays in the repository: no restore takes it', { error: String(error) });
      });
      throw BACKUP_ERRORS.store_failed({ message, hint });
    }
    log.warn('files changed while they were read: reading them again', {
      files: changed.length,
      such: names,
    });
    changed.forEach((path) => changing.set(path.toString('latin1'), path));
  }
}

function warnOfLeftOut({ leftOut, leftOutCount }: ScanResult, log: Log): void {
  if (leftOutCount > 0) {
    const such = leftOut.slice(0, 5).map(({ path, type }) => `${path} (${type})`);
    log.at(1, 'left out what no snapshot keeps', { entries: leftOutCount, such });
  }
}

async function readBack(
  { snapshot, files }: StoredSnapshot,
  scan: ScanResult,
  { engine, onProgress }: BackupDeps,
  signal: AbortSignal,
): Promise<void> {
  onProgress({ phase: 'read-back', filesDone: 0, bytesDone: 0 });
  const back = await engine.readBack(snapshot, { signal, onProgress });
  if (back.manifestDigest !== scan.digest) {
    const message = `the repository gives back another manifest of snapshot ${snapshot.id} than it was sent`;
    throw BACKUP_ERRORS.read_back_failed({ message });
  }
  if (back.files !== files || (scan.leftOutCount === 0 && files !== scan.files)) {
    const message = `snapshot ${snapshot.id} has ${back.files} files; ${files} were stored, and the volume has ${scan.files}`;
    throw BACKUP_ERRORS.read_back_failed({ message });
  }
}

/** A volume that is backed up is ours to look after. One that is mounted read-only was marked by a restore, or is not. */
async function mark({ volume, name }: BackupSpec, { clock, log }: BackupDeps): Promise<void> {
  if ((await readMarker(volume)) !== undefined) {
    return;
  }
  await writeMarker(volume, { version: 1, volume: name, origin: 'adopted', since: clock.now() }).catch(
    (error: unknown) => log.at(1, 'the volume cannot be marked', { error: String(error) }),
  );
}

async function prune(
  { retention }: BackupSpec,
  { engine, clock, log }: BackupDeps,
  repository: RepositoryState,
  { snapshot }: StoredSnapshot,
  signal: AbortSignal,
): Promise<number> {
  const before = repository.kind === 'HAS' ? repository.snapshots : [];
  const gone = removable([snapshot, ...before], retention, new Set([snapshot.id]), clock.now());
  if (gone.length > 0) {
    log.info('removing snapshots', { snapshots: gone.map(({ id }) => id) });
    await engine.forget(gone, { signal });
  }
  return gone.length;
}
