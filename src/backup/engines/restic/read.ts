/** What is read from a restic repository: a restore, a read back, a check, lists for people. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BACKUP_ERRORS, STORE_ERRORS } from '../../errors.ts';
import type { Engine, EngineWork, ReadBack, RestoredTree, Snapshot, Unproved } from '../../model.ts';
import { type Message, numberOf, stringOf } from './messages.ts';
import { inPair } from './pair.ts';
import { createPatience } from './patience.ts';
import { pathInSnapshot, READ, type Restic } from './restic.ts';
import { requireSentPacks } from './sent-packs.ts';

type Reader = Pick<Engine, 'restoreTo' | 'readBack' | 'verify' | 'ls' | 'cat'>;

export function createReader(restic: Restic): Reader {
  return {
    restoreTo: (snapshot, target, work) => restoreTo(restic, snapshot, target, work),
    readBack: (snapshot, work, unproved) => proved(restic, snapshot, unproved, work),
    verify: (share, work) => verify(restic, share, work),
    ls: (snapshot, work, write) => ls(restic, snapshot, work, write),
    async cat(snapshot, path, { signal }, write) {
      const args = ['dump', ...READ, snapshot.id, pathInSnapshot(snapshot, path)];
      await succeed(restic, { args, signal, onBytes: write }, `cannot read ${path} of ${short(snapshot)}`);
    },
  };
}

export const short = ({ id }: Pick<Snapshot, 'id'>): string => `snapshot ${id.slice(0, 8)}`;

/** Runs what must end with 0. */
async function succeed(restic: Restic, call: Parameters<Restic['run']>[0], what: string): Promise<void> {
  const { problem, complaints, timedOut } = await restic.run(call);
  if (problem !== undefined && timedOut) {
    throw BACKUP_ERRORS.repository_unknown({ message: `${what}: ${problem.message}`, hint: problem.hint });
  }
  if (problem !== undefined) {
    const [first = problem.message] = complaints;
    const more = first === complaints.at(-1) ? '' : ` (${complaints.at(-1)})`;
    throw BACKUP_ERRORS.restore_failed({ message: `${what}: ${first}${more}`, hint: problem.hint });
  }
}

async function restoreTo(
  restic: Restic,
  snapshot: Snapshot,
  target: string,
  { signal, onProgress }: EngineWork,
): Promise<RestoredTree> {
  // Without a manifest of ours, restic reads again what it has written.
  const proof = snapshot.manifest === undefined ? ['--verify'] : [];
  const args = ['restore', '--json', '--sparse', '--no-lock', ...proof, '--target', target, snapshot.id];
  const patience = createPatience(restic.settings.callTimeoutMs);
  const onMessage = (message: Message): void => {
    if (message.message_type === 'status') {
      const filesDone = numberOf(message['files_restored']) + numberOf(message['files_skipped']);
      const bytesDone = numberOf(message['bytes_restored']) + numberOf(message['bytes_skipped']);
      patience.done(filesDone + bytesDone);
      onProgress?.({
        phase: 'restore',
        filesDone,
        filesTotal: numberOf(message['total_files']),
        bytesDone,
        bytesTotal: numberOf(message['total_bytes']),
      });
    }
  };
  await succeed(restic, { args, signal, onMessage, patience }, `cannot restore ${short(snapshot)}`);
  const below = (path: string): string => join(target, path);
  return {
    root: below(snapshot.root ?? '/'),
    manifest: snapshot.manifest === undefined ? undefined : below(snapshot.manifest),
  };
}

async function proved(
  restic: Restic,
  snapshot: Snapshot,
  unproved: Unproved | undefined,
  work: EngineWork,
): Promise<ReadBack> {
  const [back] = await inPair(
    work.signal,
    (signal) => readBack(restic, snapshot, { ...work, signal }),
    async (signal) => unproved && (await requireSentPacks(restic, unproved, signal)),
  );
  return back;
}

/** The manifest out of the store, which proves the snapshot, index, packs and key; its counts are those of the snapshot. */
async function readBack(restic: Restic, snapshot: Snapshot, { signal }: EngineWork): Promise<ReadBack> {
  const what = `cannot read ${short(snapshot)} back`;
  if (snapshot.manifest === undefined) {
    throw STORE_ERRORS.read_back_failed({ message: `${what}: it has no manifest of ours` });
  }
  const hash = createHash('sha256');
  const { problem } = await restic.run({
    args: ['dump', ...READ, snapshot.id, snapshot.manifest],
    signal,
    // As text, which is garbage of the heap and goes with the next megabyte of it, and the buffers with it: those lie outside,
    // and by themselves would wait until there are tens of megabytes of them.
    onBytes: (chunk) => void hash.update(chunk.toString('latin1'), 'latin1'),
  });
  if (problem !== undefined) {
    throw STORE_ERRORS.read_back_failed({ message: `${what}: ${problem.message}` });
  }
  return { files: snapshot.files ?? 0, manifestDigest: hash.digest('hex') };
}

async function verify(restic: Restic, share: number, { signal }: EngineWork): Promise<readonly string[]> {
  const subset = share >= 1 ? ['--read-data'] : share > 0 ? [`--read-data-subset=${share * 100}%`] : [];
  const problems: string[] = [];
  const onMessage = (message: Message): void => {
    const text = message.message_type === 'error' ? stringOf(message['message']) : undefined;
    if (text !== undefined) {
      problems.push(text);
    }
  };
  const args = ['check', '--json', '--no-lock', ...subset];
  const { problem, complaints } = await restic.run({ args, signal, onMessage });
  if (problem === undefined) {
    return problems;
  }
  const isAnswer = problem.kind === 'damaged' || problem.kind === 'failed' || problems.length > 0;
  if (!isAnswer) {
    throw BACKUP_ERRORS.repository_unknown({ message: problem.message, hint: problem.hint });
  }
  return [
    ...problems,
    ...complaints,
    ...(problems.length + complaints.length === 0 ? [problem.message] : []),
  ];
}

async function ls(restic: Restic, snapshot: Snapshot, { signal }: EngineWork, write: (line: string) => void) {
  const root = snapshot.root ?? '';
  const onMessage = (message: Message): void => {
    const path = stringOf(message['path']);
    if (path?.startsWith(`${root}/`) === true) {
      write(path.slice(root.length + 1));
    }
  };
  const args = ['ls', '--json', ...READ, snapshot.id];
  await succeed(restic, { args, signal, onMessage }, `cannot list ${short(snapshot)}`);
}
