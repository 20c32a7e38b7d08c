/** A volume to a commit that is pushed. Only what is not in the commit before is read and sent. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { createBreather } from '../../../core/breather.ts';
import { serverFormat } from '../../../git/object-format.ts';
import type { ObjectFormat } from '../../../git/object-name.ts';
import { STORE_ERRORS } from '../../errors.ts';
import { compareInTree, type Entry, type FileEntry, shownPath } from '../../manifest/entry.ts';
import { MANIFEST_ERRORS } from '../../manifest/errors.ts';
import { readManifest, summariseManifest } from '../../manifest/files.ts';
import { createVolumeReader, type VolumeReader } from '../../manifest/volume-reader.ts';
import type { BackupRequest, EngineWork, ManifestSummary, StoredSnapshot } from '../../model.ts';
import type { GitAccess } from './access.ts';
import { type BlobListWriter, createBlobList, type Located, readLocated } from './blob-list.ts';
import { commitHeader, dataHeader, END, place, placeInline, remove, type TreeMode } from './fast-import.ts';
import { HEAD_BYTES, hasSecretName, isPrivateKey, objectionTo } from './guard.ts';
import { renderMessage, type SnapshotFacts } from './message.ts';
import { push } from './push.ts';
import { askTip, fetchTip, openCache, TIP, type Tip } from './repository.ts';
import { takeOut } from './restore.ts';
import { BLOBS_PATH, MANIFEST_PATH, snapshotsOf } from './state.ts';
import { treePath } from './tree-path.ts';

const COMMIT = 'refs/pillion/new';
const NEWLINE = Buffer.from('\n');
const PADDING_BYTES = 64 * 1024;

/** What is known of the branch before. */
interface Before {
  readonly gitDir: string;
  readonly algorithm: ObjectFormat;
  readonly tip: Tip | undefined;
}

/** @throws PillionError `volume_changed`, `store_failed`, and what git says */
export async function storeSnapshot(
  access: GitAccess,
  request: BackupRequest,
  work: EngineWork,
): Promise<StoredSnapshot> {
  const { signal } = work;
  const summary = await summariseManifest(request.manifest, signal);
  await requireStorable(access, request.manifest, signal);
  const before = await lookBefore(access, signal);
  const { tip } = before;
  if (tip?.facts !== undefined && tip.facts.volume !== access.context.name) {
    throw STORE_ERRORS.store_failed({
      message: `${access.settings.shown} holds the backups of the volume ${tip.facts.volume}`,
      hint: 'give each volume a branch of its own',
    });
  }
  if (tip?.facts?.digest === summary.digest) {
    const [snapshot] = snapshotsOf(tip);
    return {
      snapshot: snapshot ?? { id: tip.id, time: tip.time },
      files: summary.files,
      bytes: summary.bytes,
      added: 0,
      isRepeated: true,
    };
  }
  const facts = factsOf(access, request, summary, tip);
  const commit = (parent: Before) => commitSnapshot(access, parent, request, facts, work);
  const { id, ref, added } = await commit(before).catch(async (error: unknown) => {
    const format = serverFormat(error, before.algorithm);
    if (tip !== undefined || format === undefined) {
      throw error;
    }
    return commit(await emptyOf(access, format, signal));
  });
  const [snapshot] = snapshotsOf({ id, facts, time: facts.time });
  return {
    snapshot: { ...(snapshot ?? { id, time: facts.time }), ...(ref === access.ref ? {} : { root: ref }) },
    files: summary.files,
    bytes: summary.bytes,
    added,
    isSettled: request.isStill !== undefined,
  };
}

/** Makes the commit and pushes it. */
async function commitSnapshot(
  access: GitAccess,
  before: Before,
  request: BackupRequest,
  facts: SnapshotFacts,
  work: EngineWork,
): Promise<{ readonly id: string; readonly ref: string; readonly added: number }> {
  const { signal } = work;
  const { gitDir, tip } = before;
  const added = await makeCommit(access, before, request, facts, work);
  await requireStill(request, signal);
  const id = await access.run(['rev-parse', '--verify', COMMIT], { gitDir, signal });
  const ref = await push(access, { gitDir, expected: tip?.id ?? '', id }, signal);
  if (ref === access.ref) {
    await access.run(['update-ref', TIP, id], { gitDir, signal });
  }
  return { id, ref, added };
}

/** Nothing can be taken back that was pushed. */
async function requireStill({ isStill }: BackupRequest, signal: AbortSignal): Promise<void> {
  if (isStill !== undefined && !(await isStill(signal))) {
    throw MANIFEST_ERRORS.volume_changed({ message: 'the volume changed while it was backed up' });
  }
}

/** Before anything is sent, since nothing can be taken back. */
async function requireStorable(access: GitAccess, manifest: string, signal: AbortSignal): Promise<void> {
  for await (const entry of readManifest(manifest, signal)) {
    if (entry.type !== 'file') {
      continue;
    }
    const objection = objectionTo(entry, access.url);
    if (objection !== undefined) {
      throw STORE_ERRORS.store_failed({
        message: objection,
        hint: 'leave it out with --exclude, or take restic',
      });
    }
    if (access.settings.allowSecrets !== true && hasSecretName(entry.path)) {
      throw secretFound(entry);
    }
  }
}

const secretFound = (entry: Entry) =>
  STORE_ERRORS.store_failed({
    message: `${shownPath(entry.path)} looks like a key or a password, which git would show to all who read the repository, for ever`,
    hint: 'leave it out with --exclude, allow it with --git-allow-secrets, or take restic, which encrypts',
  });

async function lookBefore(access: GitAccess, signal: AbortSignal): Promise<Before> {
  const found = await askTip(access, signal);
  if (found === undefined) {
    return emptyOf(access, 'sha1', signal);
  }
  return { ...(await fetchTip(access, found, signal)), algorithm: found.format };
}

/** Without a branch: an empty server does not say which names its objects will have until something is pushed. */
async function emptyOf(access: GitAccess, algorithm: ObjectFormat, signal: AbortSignal): Promise<Before> {
  return { gitDir: await openCache(access, algorithm, signal), algorithm, tip: undefined };
}

function factsOf(
  { context }: GitAccess,
  { now, isPartial }: BackupRequest,
  { files, bytes, digest }: ManifestSummary,
  tip: Tip | undefined,
): SnapshotFacts {
  const earlier = tip === undefined ? [] : snapshotsOf(tip);
  return { volume: context.name, time: now, files, bytes, digest, isPartial, earlier };
}

async function makeCommit(
  access: GitAccess,
  before: Before,
  request: BackupRequest,
  facts: SnapshotFacts,
  work: EngineWork,
): Promise<number> {
  const { signal } = work;
  const earlier = await locateEarlier(access, before, signal);
  const blobsPath = join(access.workDir, 'next-blobs');
  const blobs = createBlobList(blobsPath);
  const volume = createVolumeReader(request.volume, signal);
  let added = 0;
  try {
    await access.run(['fast-import', '--quiet', '--force'], {
      gitDir: before.gitDir,
      signal,
      async stdin(write) {
        const { tip, algorithm } = before;
        const isWhole = earlier === undefined;
        const message = renderMessage(facts);
        await write(commitHeader({ ref: COMMIT, time: facts.time, message, parent: tip?.id, isWhole }));
        const sender = createSender(write, volume, blobs, algorithm, access.settings.allowSecrets === true);
        await sendTree(readManifest(request.manifest, signal), earlier, sender, work);
        blobs.close();
        for (const [path, file] of [
          [MANIFEST_PATH, request.manifest],
          [BLOBS_PATH, blobsPath],
        ] as const) {
          await sendFile(write, path, file);
        }
        await write(END);
        added = sender.sent();
      },
    });
    return added;
  } finally {
    await earlier?.return();
    blobs.close();
    volume.close();
  }
}

type Write = (bytes: Uint8Array) => Promise<void>;

/** What the commit before has, where Pillion has made it and it can be read. */
async function locateEarlier(
  access: GitAccess,
  { gitDir, tip }: Before,
  signal: AbortSignal,
): Promise<AsyncGenerator<Located, void, undefined> | undefined> {
  if (tip?.facts === undefined) {
    return undefined;
  }
  try {
    const { manifest, blobs } = await takeOut(access, gitDir, tip, access.workDir, signal);
    for await (const { entry } of readLocated(manifest, blobs, signal)) {
      void entry; // all of it is checked before a part of it is believed
    }
    return readLocated(manifest, blobs, signal);
  } catch {
    signal.throwIfAborted();
    access.context.warn('the manifest of the backup before cannot be read: everything is stored again');
    return undefined;
  }
}

interface Sender {
  /** Makes an entry of the commit what it is on the volume. */
  put(entry: Entry, earlier: Located | undefined): Promise<void>;
  remove(entry: Entry): Promise<void>;
  /** Bytes of content. */
  sent(): number;
}

async function sendTree(
  entries: AsyncGenerator<Entry, unknown, undefined>,
  earlier: AsyncGenerator<Located, void, undefined> | undefined,
  sender: Sender,
  { signal, onProgress }: EngineWork,
): Promise<void> {
  const breathe = createBreather(signal);
  const nextEarlier = async () => {
    const next = await earlier?.next();
    return next === undefined || next.done === true ? undefined : next.value;
  };
  let before = await nextEarlier();
  let filesDone = 0;
  let bytesDone = 0;
  for await (const entry of entries) {
    await breathe();
    while (before !== undefined && compareInTree(before.entry.path, entry.path) < 0) {
      await sender.remove(before.entry);
      before = await nextEarlier();
    }
    const isSamePath = before?.entry.path === entry.path;
    await sender.put(entry, isSamePath ? before : undefined);
    before = isSamePath ? await nextEarlier() : before;
    if (entry.type === 'file') {
      filesDone += 1;
      bytesDone += entry.size;
      onProgress?.({ phase: 'backup', filesDone, bytesDone });
    }
  }
  for (; before !== undefined; before = await nextEarlier()) {
    await sender.remove(before.entry);
  }
}

function modeOf(entry: Entry): TreeMode | undefined {
  if (entry.type === 'directory') {
    return undefined;
  }
  if (entry.type === 'symlink') {
    return '120000';
  }
  return (entry.mode & 0o111) === 0 ? '100644' : '100755';
}

function createSender(
  write: Write,
  volume: VolumeReader,
  blobs: BlobListWriter,
  algorithm: string,
  allowSecrets: boolean,
): Sender {
  const groups = new Map<number, string>();
  let sent = 0;

  async function putFile(entry: FileEntry, mode: TreeMode, earlier: Located | undefined): Promise<string> {
    const path = treePath(entry.path);
    const linked = entry.links === undefined ? undefined : groups.get(entry.links);
    const known = linked ?? knownObject(entry, earlier);
    if (known === undefined) {
      return await sendContent(entry, mode);
    }
    const isThere = earlier?.object === known && modeOf(earlier.entry) === mode;
    if (!isThere) {
      await write(place(mode, known, path));
    }
    return known;
  }

  async function sendContent(entry: FileEntry, mode: TreeMode): Promise<string> {
    const hash = createHash(algorithm);
    let isFirst = true;
    /** Of what git was told to expect. */
    let left = 0;
    const begin = async (size: number) => {
      isFirst = false;
      left = size;
      hash.update(`blob ${size}\0`);
      await write(Buffer.concat([placeInline(mode, treePath(entry.path)), dataHeader(size)]));
    };
    const add = async (bytes: Buffer) => {
      left -= bytes.length;
      hash.update(bytes);
      await write(bytes);
    };
    const { size } = await volume.read(entry, async (bytes, status) => {
      if (isFirst) {
        if (!allowSecrets && isPrivateKey(bytes.subarray(0, HEAD_BYTES))) {
          throw secretFound(entry);
        }
        await begin(Number(status.size));
      }
      await add(bytes.subarray(0, left));
    });
    if (isFirst) {
      await begin(0);
    }
    // One that changes all the time may have become shorter than it was when it was opened.
    for (let missing = left; missing > 0; missing -= PADDING_BYTES) {
      await add(Buffer.alloc(Math.min(missing, PADDING_BYTES)));
    }
    await write(NEWLINE);
    sent += size;
    return hash.digest('hex');
  }

  return {
    async put(entry, earlier) {
      const mode = modeOf(entry);
      if (entry.type === 'directory' || mode === undefined) {
        if (earlier !== undefined) {
          await this.remove(earlier.entry);
        }
      } else if (entry.type === 'symlink') {
        const isThere = earlier?.entry.type === 'symlink' && earlier.entry.target === entry.target;
        if (!isThere) {
          const target = Buffer.from(entry.target, 'latin1');
          const path = placeInline(mode, treePath(entry.path));
          await write(Buffer.concat([path, dataHeader(target.length), target, NEWLINE]));
        }
      } else {
        const object = await putFile(entry, mode, earlier);
        blobs.add(object);
        if (entry.links !== undefined) {
          groups.set(entry.links, object);
        }
      }
    },
    async remove(entry) {
      if (entry.type !== 'directory') {
        await write(remove(treePath(entry.path)));
      }
    },
    sent: () => sent,
  };
}

/** The object that the commit before has for the same content. */
function knownObject(entry: FileEntry, earlier: Located | undefined): string | undefined {
  const before = earlier?.entry;
  const isSame = before?.type === 'file' && entry.sha256 !== undefined && before.sha256 === entry.sha256;
  return isSame ? earlier?.object : undefined;
}

/** A file of ours, of which nobody else knows. */
async function sendFile(write: Write, path: string, file: string): Promise<void> {
  const { size } = statSync(file);
  await write(Buffer.concat([placeInline('100644', path), dataHeader(size)]));
  for await (const chunk of createReadStream(file)) {
    await write(chunk as Buffer);
  }
  await write(NEWLINE);
}
