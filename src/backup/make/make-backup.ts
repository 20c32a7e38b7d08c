/** One backup: guards, hooks, manifest, the engine, the read back, retention. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { readMarker, writeMarker } from '../commit/marker.ts';
import { recover } from '../commit/recover.ts';
import { BACKUP_ERRORS, STORE_ERRORS } from '../errors.ts';
import {
  type Engine,
  MANIFEST_NAME,
  type OnProgress,
  type RepositoryState,
  type ScanResult,
  type Snapshot,
  type StoredSnapshot,
} from '../model.ts';
import { isEmpty } from '../volume/empty.ts';
import { requireVolume } from '../volume/inspect.ts';
import { sampleOf, settledFiles, writeSample } from '../volume/sample.ts';
import { type Watched, watchVolume } from '../volume/watch.ts';
import { type GuardSettings, type Refusal, refusalBySize, refusalByState } from './guards.ts';
import { type HookSpec, withHooks } from './hooks.ts';
import { noteSnapshot } from './repeat.ts';
import { type RetentionRules, removable } from './retention.ts';
import { type Asked, forgetTorn, PREVIOUS, type QuietlyStored, storeQuietly } from './store-quietly.ts';

export interface BackupSpec extends Watched {
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
  /** What the repository has now, newest first. */
  readonly snapshots: readonly Snapshot[];
}

export interface Signals {
  /** Ends the backup. */
  readonly signal: AbortSignal;
  /** Ends what tidies up after it: the post hooks. */
  readonly deadline: AbortSignal;
}

/**
 * Success means that the snapshot was read back.
 * @param known what the repository has, when this process knows it already
 * @throws PillionError `backup_refused`, `repository_unknown`, `store_failed`, `read_back_failed`, `command_failed`, ...
 */
export async function makeBackup(
  spec: BackupSpec,
  deps: BackupDeps,
  signals: Signals,
  known?: RepositoryState,
): Promise<BackupOutcome> {
  const watched = <T>(work: (signal: AbortSignal) => Promise<T>) => watchVolume(spec, signals.signal, work);
  let repository: RepositoryState | undefined;
  const open = async (during: AbortSignal): Promise<RepositoryState> => {
    repository ??= await openToStore(spec, deps, known, during);
    return repository;
  };
  // What no hook stands before may be described while the repository answers.
  const { pre, post } = spec.hooks;
  await watched(async (signal) => {
    await requireVolume(spec.volume);
    await (pre.length + post.length > 0 ? open(signal) : undefined);
  });
  const work = async (signal: AbortSignal): Promise<BackupOutcome> => {
    const ask = async (during: AbortSignal): Promise<Asked> => {
      const found = await open(during);
      const judge = (scan: ScanResult) => refuse(refusalBySize(scan, found, spec.guards));
      return { judge, snapshots: snapshotsIn(found) };
    };
    const quietly = await storeQuietly(spec, deps, ask, signal);
    const { stored, request, scan, torn } = quietly;
    try {
      requireSame(quietly);
    } catch (error) {
      const isNew = !snapshotsIn(await open(signal)).some(({ id }) => id === stored.snapshot.id);
      // No restore takes it, and each would have to get past it. A store that gives back something else is left as it is.
      if (isNew && quietly.back.manifestDigest === scan.digest) {
        await forgetTorn(deps.engine, [stored.snapshot, ...torn], deps.log, signal);
      }
      throw error;
    }
    await rename(join(spec.workDir, MANIFEST_NAME), join(spec.workDir, PREVIOUS));
    await noteSnapshot(spec.workDir, request, scan, stored);
    await mark(spec, deps);
    await keepSample(spec, deps, scan, signal);
    // An engine may say that an earlier one is what the volume is.
    const before = snapshotsIn(await open(signal)).filter(({ id }) => id !== stored.snapshot.id);
    const { removed, renamed } = await prune(spec, deps, before, { ...stored, torn }, signal);
    const { files, added } = stored;
    const gone = new Set(removed.map(({ id }) => id));
    const snapshots = [stored.snapshot, ...before]
      .filter(({ id }) => !gone.has(id))
      .map((each) => ({ ...each, id: renamed?.get(each.id) ?? each.id }));
    const [snapshot = stored.snapshot] = snapshots;
    return {
      snapshot,
      files,
      bytes: scan.bytes,
      added,
      changing: scan.changing,
      removed: removed.length,
      snapshots,
    };
  };
  return withHooks(spec.hooks, spec.volume, deps.log, signals, () => watched(work));
}

const snapshotsIn = (repository: RepositoryState): readonly Snapshot[] =>
  repository.kind === 'HAS' ? repository.snapshots : [];

/** @throws PillionError `backup_refused`, `repository_unknown` */
async function openToStore(
  spec: BackupSpec,
  deps: BackupDeps,
  known: RepositoryState | undefined,
  signal: AbortSignal,
): Promise<RepositoryState> {
  const repository = known ?? (await openRepository(spec, deps, signal));
  await refuseByState(spec, deps, repository);
  if (repository.kind !== 'HAS' && !deps.engine.keepsExtendedAttributes) {
    deps.log.warn(
      'this kind of repository keeps no extended attributes: ACLs and capabilities do not come back from it',
      { engine: deps.engine.kind },
    );
  }
  return repository;
}

function refuse(refusal: Refusal | undefined): void {
  if (refusal !== undefined) {
    throw STORE_ERRORS.backup_refused({ message: `not backed up: ${refusal.why}`, hint: refusal.hint });
  }
}

async function refuseByState(
  spec: BackupSpec,
  { clock }: BackupDeps,
  repository: RepositoryState,
): Promise<void> {
  const { volume, guards, hooks } = spec;
  const facts = {
    recovered: await recover(volume, { isReadOnly: true }),
    // A hook may be what makes its content: then it is judged by what it holds afterwards.
    isEmpty: hooks.pre.length === 0 && (await isEmpty(volume, [])),
    isMarked: (await readMarker(volume)) !== undefined,
  };
  refuse(refusalByState(facts, repository, clock.now(), guards));
}

async function openRepository(
  { init }: BackupSpec,
  { engine, log }: BackupDeps,
  signal: AbortSignal,
): Promise<RepositoryState> {
  const state = await engine.state(signal, 'backup');
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

/** @throws PillionError `read_back_failed` when what was read back is not what was sent */
function requireSame({ stored: { snapshot, files }, scan, isQuiet, back }: QuietlyStored): void {
  if (back.manifestDigest !== scan.digest) {
    const message = `the repository gives back another manifest of snapshot ${snapshot.id} than it was sent`;
    throw STORE_ERRORS.read_back_failed({ message });
  }
  if (back.files !== files || (isQuiet && files !== scan.files)) {
    const message = `snapshot ${snapshot.id} has ${back.files} files; ${files} were stored, and the volume has ${scan.files}`;
    throw STORE_ERRORS.read_back_failed({ message });
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

/** For `restore --check-sample`. */
async function keepSample(
  { volume, workDir }: BackupSpec,
  { log }: BackupDeps,
  { digest }: ScanResult,
  signal: AbortSignal,
): Promise<void> {
  try {
    const files = sampleOf(join(workDir, PREVIOUS), digest);
    await writeSample(volume, await settledFiles(volume, files, signal));
  } catch (error) {
    signal.throwIfAborted();
    log.at(1, 'no sample of the snapshot can be kept on the volume', { error: errorMessage(error) });
  }
}

interface Pruned {
  readonly removed: readonly Snapshot[];
  readonly renamed?: ReadonlyMap<string, string> | undefined;
}

async function prune(
  { retention }: BackupSpec,
  { engine, clock, log }: BackupDeps,
  before: readonly Snapshot[],
  { snapshot, torn }: StoredSnapshot & { readonly torn: readonly Snapshot[] },
  signal: AbortSignal,
): Promise<Pruned> {
  const removed = removable([snapshot, ...before], retention, new Set([snapshot.id]), clock.now());
  if (removed.length > 0) {
    log.info('removing snapshots', { snapshots: removed.map(({ id }) => id) });
    const forgotten = await engine.forget([...removed, ...torn], { signal });
    const stayed = new Set(forgotten?.stayed);
    return { removed: removed.filter(({ id }) => !stayed.has(id)), renamed: forgotten?.renamed };
  }
  await forgetTorn(engine, torn, log, signal);
  return { removed };
}
