/** What changes a restic repository: a backup, and the removal of snapshots. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BACKUP_ERRORS, STORE_ERRORS } from '../../errors.ts';
import { MANIFEST_ERRORS } from '../../manifest/errors.ts';
import type { BackupRequest, Engine, EngineWork, Snapshot, StoredSnapshot } from '../../model.ts';
import { isNoRoom, outOfRoom } from '../no-room.ts';
import { excludeLines } from './exclude.ts';
import { type Message, numberOf, stringOf } from './messages.ts';
import { repeatSnapshot } from './repeat.ts';
import type { Restic } from './restic.ts';
import type { ResticResult } from './run-restic.ts';
import { knownIndexes, newIndexes } from './sent-packs.ts';
import { bytesTag, PARTIAL_TAG, volumeTag } from './snapshots.ts';

/** restic: another writer holds a lock that excludes us. */
const LOCKED = 11;
/** Files could not be read; there is a snapshot without them. */
const INCOMPLETE = 3;
/** Of such files, and what restic says at the end of it. */
const VANISHED = /no such file or directory|at least one source file could not be read/i;

export function createWriter(restic: Restic): Pick<Engine, 'backup' | 'forget'> {
  return {
    backup: (request, work) => backup(restic, request, work),
    forget: (snapshots, work) => forget(restic, snapshots, work),
  };
}

type Call = Parameters<Restic['run']>[0];

/** Waits for other writers. Locks of killed owners go by their age: hostnames and process ids repeat in pods. */
async function runLocked(restic: Restic, command: string, call: Call): Promise<ResticResult> {
  const { retryLockMs, callTimeoutMs } = restic.settings;
  const args = [command, '--retry-lock', `${Math.ceil(retryLockMs / 1000)}s`, ...call.args];
  const result = await restic.run({ ...call, args });
  if (result.exitCode !== LOCKED) {
    return result;
  }
  restic.warn('the repository is locked: removing locks that are older than half an hour');
  await restic.run({ args: ['unlock'], signal: call.signal, timeoutMs: callTimeoutMs });
  return restic.run({ ...call, args });
}

async function backup(restic: Restic, request: BackupRequest, work: EngineWork): Promise<StoredSnapshot> {
  const { unchanged } = request;
  const run = (command: string, call: Call) => runLocked(restic, command, call);
  const repeated = unchanged && (await repeatSnapshot(restic, request, unchanged, work.signal, run));
  return repeated ?? (await storeVolume(restic, request, work));
}

async function storeVolume(
  restic: Restic,
  request: BackupRequest,
  work: EngineWork,
): Promise<StoredSnapshot> {
  const { volume, manifest, isPartial } = request;
  const excludes = join(restic.workDir, 'excludes');
  const tags = [
    'pillion',
    volumeTag(restic.name),
    ...(request.bytes === undefined ? [] : [bytesTag(request.bytes)]),
    ...(isPartial ? [PARTIAL_TAG] : []),
  ];
  let summary: Message | undefined;
  const onMessage = (message: Message): void => {
    if (message.message_type === 'summary') {
      summary = message;
    } else if (message.message_type === 'status') {
      const filesDone = numberOf(message['files_done']);
      work.onProgress?.({ phase: 'backup', filesDone, bytesDone: numberOf(message['bytes_done']) });
    }
  };
  const how = [
    '--json',
    '--no-scan',
    '--one-file-system',
    '--host',
    restic.name,
    '--group-by',
    'host',
    '--exclude-file',
    excludes,
  ];
  const args = [...how, ...tags.flatMap((tag) => ['--tag', tag]), '--', volume, manifest];
  await writeFile(excludes, excludeLines(volume, request.exclude, request.mounts), { mode: 0o600 });
  const indexes = await knownIndexes(restic.workDir);
  try {
    const result = await runLocked(restic, 'backup', { args, signal: work.signal, onMessage });
    const stored = await storedSnapshot(restic, request, result, summary, work);
    if (isProvedByManifest(summary, manifest)) {
      return stored;
    }
    const lists = await newIndexes(restic.workDir, indexes);
    const items = numberOf(summary?.['data_blobs']) + numberOf(summary?.['tree_blobs']);
    return { ...stored, unproved: { lists, items: items || Number.POSITIVE_INFINITY } };
  } finally {
    await rm(excludes, { force: true });
  }
}

/**
 * Whether reading the manifest back reads all that was sent: nothing, or the manifest and the directories above it, which
 * are other ones with each other manifest.
 */
export function isProvedByManifest(summary: Message | undefined, manifest: string): boolean {
  const count = (...names: readonly string[]) =>
    names.reduce((sum, name) => sum + numberOf(summary?.[name]), 0);
  const above = manifest.split('/').length - 1;
  return (
    count('data_added') === 0 ||
    (count('files_new', 'files_changed') <= 1 && count('dirs_new', 'dirs_changed') <= above)
  );
}

async function storedSnapshot(
  restic: Restic,
  request: BackupRequest,
  result: ResticResult,
  summary: Message | undefined,
  work: EngineWork,
): Promise<StoredSnapshot> {
  const { volume: root, manifest, isPartial } = request;
  const id = stringOf(summary?.['snapshot_id']);
  const { problem, complaints } = result;
  if (problem !== undefined || id === undefined || summary === undefined) {
    const [said = problem?.message ?? 'restic did not name the snapshot'] = complaints;
    if (result.exitCode === INCOMPLETE && id !== undefined) {
      await dropIncomplete(restic, id, work);
      if (complaints.every((line) => VANISHED.test(line))) {
        throw MANIFEST_ERRORS.volume_changed({ message: `files went away while they were read: ${said}` });
      }
    }
    const noRoom = complaints.find(isNoRoom);
    if (noRoom !== undefined) {
      throw outOfRoom(noRoom, restic.workDir);
    }
    throw STORE_ERRORS.store_failed({
      message: `restic could not store everything: ${said}`,
      hint: problem?.hint,
    });
  }
  const files = numberOf(summary['total_files_processed']) - 1;
  const bytes = request.bytes ?? numberOf(summary['total_bytes_processed']);
  const time = Date.parse(stringOf(summary['backup_start']) ?? '') || request.now;
  return {
    snapshot: { id, time, root, manifest, files, bytes, isPartial },
    files,
    bytes,
    added: numberOf(summary['data_added_packed'] ?? summary['data_added']),
  };
}

async function dropIncomplete(restic: Restic, id: string, { signal }: EngineWork): Promise<void> {
  const { problem } = await restic.run({ args: ['forget', id], signal });
  if (problem !== undefined) {
    restic.warn(
      'an incomplete snapshot stays in the repository; it does not verify, so no restore takes it',
      { id },
    );
  }
}

/** restic 0.18 ends with 0 when an append-only store refuses, so it is asked again what there is. */
async function forget(restic: Restic, snapshots: readonly Snapshot[], { signal }: EngineWork): Promise<void> {
  const gone = snapshots.map(({ id }) => id);
  if (gone.length === 0) {
    return;
  }
  const { problem } = await runLocked(restic, 'forget', { args: ['--prune', ...gone], signal });
  const left = await restic.ids(signal);
  if ('kind' in left) {
    throw BACKUP_ERRORS.repository_unknown({ message: left.message, hint: left.hint });
  }
  const stayed = gone.filter((id) => left.includes(id)).length;
  if (stayed > 0) {
    const why = problem === undefined ? '' : `: ${problem.message}`;
    throw STORE_ERRORS.forget_refused({
      message: `${stayed} of ${gone.length} snapshots could not be removed${why}`,
    });
  }
  if (problem !== undefined) {
    throw STORE_ERRORS.store_failed({
      message: `cannot prune the repository: ${problem.message}`,
      hint: problem.hint,
    });
  }
}
