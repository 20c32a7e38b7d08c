/**
 * What the parts of `restore` and `backup` say to each other. Data only: engines store, `manifest/` describes trees,
 * `commit/` puts a restored tree in place, `decision.ts` decides, and the commands connect them.
 * Paths inside a volume are bytes, since names need not be UTF-8. Times are milliseconds since the epoch.
 */

/**
 * The one folder of ours on a volume: marker, journal, stage, quarantine, and the manifest of the last backup. It is no
 * content: never backed up, never listed, never compared, and a volume that holds nothing else is empty.
 */
export const OWN_FOLDER = '.pillion';

/** Entries that a new file system has, or that are ours: a volume with nothing else is empty. */
export const NO_CONTENT: readonly string[] = [OWN_FOLDER, 'lost+found'];

/** Base name of the file that a manifest is stored from, by which it is found in a snapshot again. */
export const MANIFEST_NAME = 'pillion-manifest';

/** Files of which a volume keeps the hashes, for `restore --check-sample`. */
export const MAX_SAMPLE = 1000;

/** What a volume is, before anything is done to it. The journal has been replayed when this is asked. */
export type VolumeState =
  /** Nothing but {@link NO_CONTENT} and what the user named. */
  | { readonly kind: 'EMPTY' }
  /** The marker says complete, and every check that was asked for has passed. */
  | { readonly kind: 'HEALTHY'; readonly marker: Marker }
  /** Content without a marker that passes the checks: made by the application, or by another tool. */
  | { readonly kind: 'FOREIGN' }
  /** A restore of this snapshot has begun and was not committed; what lies outside {@link OWN_FOLDER} is as before. */
  | { readonly kind: 'PARTIAL'; readonly snapshot: SnapshotRef }
  /** A check said so: with or without a marker. */
  | { readonly kind: 'CORRUPT'; readonly problems: readonly string[] }
  /** It cannot be read, or a check did not come to an end: nothing is known, so nothing is done. */
  | { readonly kind: 'UNREADABLE'; readonly reason: string };

/** What a repository is. UNKNOWN is everything that is not surely one of the others. */
export type RepositoryState =
  /** Snapshots of this volume, newest first; at least one. */
  | { readonly kind: 'HAS'; readonly snapshots: readonly Snapshot[]; readonly damaged: readonly string[] }
  /** It opens with our key, and lists no snapshot object at all for this volume. */
  | {
      readonly kind: 'NONE';
      /**
       * There is data all the same: a first backup that was cut off, or snapshots that got lost. Nothing starts empty on
       * that; a backup may be made.
       */
      readonly isSuspect?: boolean | undefined;
    }
  | { readonly kind: 'UNKNOWN'; readonly reason: UnknownReason };

/**
 * Why a repository's state is not known.
 * - `unreachable`: DNS, refused, TLS, a 5xx, silence until our deadline
 * - `denied`: 401, 403, an SSH key that is not taken
 * - `absent`: no repository there. Never NONE: a wrong bucket, prefix or key looks the same
 * - `password`: it is there, and our key does not open it
 * - `damaged`: it opens, and what it lists cannot be read
 * - `tool`: restic or git is missing or too old
 * - `failed`: anything else
 */
export interface UnknownReason {
  readonly kind: 'unreachable' | 'denied' | 'absent' | 'password' | 'damaged' | 'tool' | 'failed';
  /** One line without secrets: what failed, on what. */
  readonly message: string;
  readonly hint: string | undefined;
}

/** Names a snapshot in a marker or a journal. */
export interface SnapshotRef {
  /** The engine's full id, never an abbreviation or `latest`. */
  readonly id: string;
  readonly time: number;
}

export interface Snapshot extends SnapshotRef {
  /** Where the volume's root lies in it; the engine's own word, absent where it is the snapshot's root. */
  readonly root?: string | undefined;
  /** Where the manifest lies in it; absent in a snapshot that another tool made. */
  readonly manifest?: string | undefined;
  /** Regular files and their bytes, where the engine knows without reading them. */
  readonly files?: number | undefined;
  readonly bytes?: number | undefined;
  /** Made although files changed under the reader, or against a guard: counts for no rule of retention. */
  readonly isPartial?: boolean | undefined;
}

/** The record on the volume that says what it is: `OWN_FOLDER/marker.json`. */
export interface Marker {
  readonly version: 1;
  /** Name of the volume in the repository. */
  readonly volume: string;
  readonly origin: 'restored' | 'adopted' | 'started-empty';
  /** Of a restored volume. */
  readonly snapshot?: SnapshotRef | undefined;
  readonly since: number;
}

/** How far something is; unknown totals are absent. */
export interface Progress {
  readonly phase: 'scan' | 'backup' | 'read-back' | 'restore' | 'verify' | 'sync' | 'commit';
  readonly filesDone: number;
  readonly filesTotal?: number | undefined;
  readonly bytesDone: number;
  readonly bytesTotal?: number | undefined;
}
export type OnProgress = (progress: Progress) => void;

// --- Engines ---------------------------------------------------------------------------------------------------------

/** What every engine gets. An engine holds no state of its own between calls, and every call ends with its signal. */
export interface EngineContext {
  /** Name of the volume in the repository: only snapshots with this name are seen. */
  readonly name: string;
  /** A private directory that is ours alone, for caches, temporary files, manifests and configuration of tools. */
  readonly workDir: string;
  /** The environment of the process; children get only what they need of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Registers a secret for redaction. */
  readonly secret: (name: string, value: string) => void;
  readonly warn: (message: string, fields?: Readonly<Record<string, string | number | boolean>>) => void;
  readonly now: () => number;
}

/**
 * What the answer is for. A `backup` needs the snapshots that can be read; a `restore`, which is what is asked for without
 * a word, also needs to know of others, and that there surely are none.
 */
export type StateUse = 'restore' | 'backup';

/** What becomes of a backup when somebody else has pushed to its branch meanwhile. */
export type PushRacePolicy = 'fail' | 'branch' | 'overwrite';

export interface Engine {
  readonly kind: 'restic' | 'git' | 'dir';
  /** ACLs, capabilities, what applications note at a file. */
  readonly keepsExtendedAttributes: boolean;
  /**
   * Looks, and changes nothing: never creates a repository, never leaves a lock. Says UNKNOWN instead of throwing, for
   * whatever goes wrong; rejects only with the signal's reason.
   */
  state(signal: AbortSignal, use?: StateUse): Promise<RepositoryState>;
  /**
   * Makes the repository. Called by `backup --init` alone, and only after `state` said UNKNOWN `absent`.
   * @throws PillionError when it cannot, or when there is one already
   */
  init(signal: AbortSignal): Promise<void>;
  /**
   * Writes a snapshot below `target`, which is on the volume's file system and holds nothing, or what an interrupted
   * call for the same snapshot has left. Syncs nothing: the stage does.
   * @throws PillionError when the snapshot is gone or not everything of it was written; `repository_unknown` when the
   * repository went away, which says nothing against the snapshot
   */
  restoreTo(snapshot: Snapshot, target: string, work: EngineWork): Promise<RestoredTree>;
  /**
   * Stores the volume as it is described by the manifest, and the manifest with it in the same snapshot.
   * @throws PillionError when not everything was stored
   */
  backup(request: BackupRequest, work: EngineWork): Promise<StoredSnapshot>;
  /**
   * Reads from the repository what it holds of a snapshot: counts, and the manifest's bytes to be compared. What was stored
   * and is `unproved` is looked for, too.
   * @throws PillionError `read_back_failed`
   */
  readBack(snapshot: Snapshot, work: EngineWork, unproved?: Unproved): Promise<ReadBack>;
  /** Checks the repository's structure, and reads `share` (0 to 1) of its data. Problems are data, not errors. */
  verify(share: number, work: EngineWork): Promise<readonly string[]>;
  /**
   * Removes exactly these snapshots, and what only they needed.
   * @returns where an engine cannot simply remove one
   * @throws PillionError when the repository does not let us (append-only keys)
   */
  forget(snapshots: readonly Snapshot[], work: EngineWork): Promise<Forgotten | void>;
  /** Brings what it keeps in the work directory back to its limit; called after each piece of work. Never throws. */
  tidy?(): Promise<void>;
  /** Paths below the volume's root in a snapshot, a line each, for people. */
  ls(snapshot: Snapshot, work: EngineWork, write: (line: string) => void): Promise<void>;
  /** The content of a file in a snapshot; `path` is relative to the volume's root. */
  cat(
    snapshot: Snapshot,
    path: string,
    work: EngineWork,
    write: (chunk: Buffer) => void | Promise<void>,
  ): Promise<void>;
}

/** New ids of snapshots that stay, by those that they had; ids of those that were to be removed and cannot be. */
export type Forgotten = Readonly<{ renamed: ReadonlyMap<string, string>; stayed: readonly string[] }>;

/** The circumstances of a long call. */
export interface EngineWork {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
}

export interface BackupRequest {
  /** Absolute path of the volume's root. */
  readonly volume: string;
  /** Absolute path of the manifest that was made of it just before; its name is {@link MANIFEST_NAME}. */
  readonly manifest: string;
  /** Patterns of what is left out, besides {@link NO_CONTENT}; the manifest was made without it, too. */
  readonly exclude: readonly string[];
  /**
   * Paths in bytes, below the volume, at which something else is mounted: the manifest has nothing of them, not even the
   * directory, so an engine that walks by itself must not either.
   */
  readonly mounts: readonly string[];
  /** Bytes in the files, as the manifest says: kept with the snapshot, so that a list tells them. */
  readonly bytes?: number | undefined;
  /** For the snapshot's time. */
  readonly now: number;
  /** See {@link Snapshot.isPartial}. */
  readonly isPartial: boolean;
  /** A snapshot that is just what the volume is: an engine may store it again under a new time instead of the volume. */
  readonly unchanged?: Snapshot | undefined;
  /**
   * Whether the volume is still what its manifest says. An engine that has read all before anybody sees a snapshot asks then,
   * and throws `volume_changed` when it is not: no torn snapshot is ever seen.
   */
  readonly isStill?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

export interface StoredSnapshot {
  readonly snapshot: Snapshot;
  readonly files: number;
  readonly bytes: number;
  /** Bytes that the repository grew by, where the engine knows. */
  readonly added?: number | undefined;
  /** What was sent that reading the manifest back does not read: for `readBack`. */
  readonly unproved?: Unproved | undefined;
  /** It is {@link BackupRequest.unchanged} once more: nothing was read of the volume. */
  readonly isRepeated?: boolean | undefined;
  /** {@link BackupRequest.isStill} was asked when all had been read. */
  readonly isSettled?: boolean | undefined;
}

/** Lists in the store of what a backup has sent, as an engine calls them. */
export interface Unproved {
  /** Those that may be such lists, the newest first; the first of them are. */
  readonly lists: readonly string[];
  /** How much they tell of, all in all. */
  readonly items: number;
}

export interface ReadBack {
  /** Regular files in the snapshot, without the manifest. */
  readonly files: number;
  /** SHA-256 of the manifest as the repository gives it back, in hexadecimal digits. */
  readonly manifestDigest: string;
}

/** What `restoreTo` has written. Both are absolute paths below its target. */
export interface RestoredTree {
  /** The directory that becomes the volume's root: its entries move, its own mode, owner and time are taken over. */
  readonly root: string;
  /** Absent for a snapshot without one: the restore is then verified by the engine alone, and says so. */
  readonly manifest: string | undefined;
}

// --- src/backup/manifest/: describing and comparing trees ------------------------------------------------------------

export interface ScanOptions {
  readonly signal: AbortSignal;
  readonly exclude: readonly string[];
  /** A manifest of the same tree: hashes of files with the same size, mtime, ctime and inode are taken from it. */
  readonly previous?: string | undefined;
  /**
   * Files that are known to change all the time: marked so, and never compared by content. And directories: entries may
   * come and go in them.
   */
  readonly changing?: readonly Buffer[] | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface ManifestSummary {
  /** All entries, the root included. */
  readonly entries: number;
  /** Regular files; hard links count once per name, as engines count them. */
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 of the manifest's bytes, in hexadecimal digits. */
  readonly digest: string;
}

/** Its path in bytes, the time of its last change, and the SHA-256 of what was read, in hexadecimal digits. */
export type UnsettledFile = Readonly<{ path: string; ctimeNs: bigint; sha256: string }>;

export interface ScanResult extends ManifestSummary {
  /** The first of what no snapshot keeps: FIFOs, sockets, devices, other mounts. */
  readonly leftOut: readonly { readonly path: string; readonly type: string }[];
  readonly leftOutCount: number;
  /** See {@link BackupRequest.mounts}. */
  readonly mounts: readonly string[];
  /** Files of which a later change might not be seen (`manifest/unsettled.ts`). */
  readonly unsettled: readonly UnsettledFile[];
  /** Files that are marked as changing: named so, or changed whenever they were read. */
  readonly changing: number;
  /** Of the metadata of all that was found (`manifest/fingerprint.ts`): the same as long as nothing changes. */
  readonly fingerprint: string;
}

/** Describes a tree in a file, sorted by path, line by line; memory does not grow with the tree. */
export type ScanVolume = (root: string, manifest: string, options: ScanOptions) => Promise<ScanResult>;

/** What of a tree has changed since its manifest was made, by its metadata alone: for torn files. */
export type ChangedSince = (
  root: string,
  manifest: string,
  options: Pick<ScanOptions, 'signal' | 'exclude'>,
) => Promise<readonly Buffer[]>;

export interface CompareOptions {
  readonly signal: AbortSignal;
  /** Patterns of what the manifest was made without, where the tree is a volume. */
  readonly exclude?: readonly string[] | undefined;
  /** Part of the files whose content is read, 0 to 1; which, depends on `seed`. */
  readonly share: number;
  readonly seed?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface Comparison {
  /** Missing, extra, other type, size, content, link target or mode: the tree is not what was stored. */
  readonly problems: number;
  /** The first of them, as lines for people. */
  readonly examples: readonly string[];
  /** Other owners alone: who is not root cannot give files away. */
  readonly owners: number;
  readonly files: number;
  readonly bytes: number;
}

/** Compares a tree with a manifest, both ways. Throws PillionError for a manifest that cannot be believed. */
export type CompareTree = (root: string, manifest: string, options: CompareOptions) => Promise<Comparison>;

/** Counts and sums of a manifest, without its tree. Throws PillionError for one that cannot be believed. */
export type SummariseManifest = (manifest: string, signal: AbortSignal) => Promise<ManifestSummary>;

// --- src/backup/commit/: from a stage to the volume ------------------------------------------------------------------

/** A place on the volume's own file system where a snapshot is written to before it takes its place. */
export interface Stage {
  readonly volume: string;
  readonly snapshot: SnapshotRef;
  /** For `restoreTo`; what an interrupted restore of the same snapshot left is still there. */
  readonly target: string;
}

/** What a kill has left, after the journal was replayed. */
export type Recovered =
  | { readonly kind: 'nothing' }
  /** A restore was being put in place, and now is. */
  | { readonly kind: 'committed'; readonly marker: Marker }
  /** A restore is in place, and was not judged yet. */
  | { readonly kind: 'unjudged'; readonly marker: Marker }
  /** A restore was being staged: the volume is as before. */
  | { readonly kind: 'staging'; readonly snapshot: SnapshotRef };

/**
 * Finishes a commit that was interrupted, and says what else was. Called before anything is believed of a volume; on a
 * volume that was never touched it writes nothing. `isReadOnly` (for a plan) looks only.
 */
export type Recover = (volume: string, options?: { readonly isReadOnly?: boolean }) => Promise<Recovered>;

/** Begins or resumes the restore of a snapshot; the stage of any other snapshot is removed. */
export type BeginStage = (volume: string, snapshot: SnapshotRef) => Promise<Stage>;

/** Gives a stage up: for a snapshot that does not verify. */
export type DropStage = (stage: Stage) => Promise<void>;

export interface CommitOptions {
  readonly signal: AbortSignal;
  /** Name of the volume, for the marker. */
  readonly name: string;
  readonly now: number;
  /** How many quarantines stay, this one included. */
  readonly keepQuarantines: number;
  readonly onProgress?: OnProgress | undefined;
  /** Throws when what is now on the volume is not good enough: all goes back to where it was. */
  readonly judge?: (() => Promise<void>) | undefined;
  /** Called after each step; tests end the process there. */
  readonly onStep?: ((step: string) => void) | undefined;
}

export interface Committed {
  readonly marker: Marker;
  /** Where what the volume held lies now; absent when it held nothing. */
  readonly quarantine: string | undefined;
}

/**
 * Puts a verified stage in place: everything synced, the journal written, what is on the volume moved to quarantine,
 * entries renamed one by one, the root's own metadata set, the marker written, the stage dropped. From the journal on
 * `recover` finishes it; before, the volume is untouched. After the journal stands, the signal is not obeyed any more.
 */
export type Commit = (stage: Stage, tree: RestoredTree, options: CommitOptions) => Promise<Committed>;

/** Undefined when there is none; throws PillionError for one that is not ours or cannot be read. */
export type ReadMarker = (volume: string) => Promise<Marker | undefined>;
export type WriteMarker = (volume: string, marker: Marker) => Promise<void>;
