/**
 * A volume on which nothing has changed since its last snapshot, as its own metadata says, need not be walked by the engine once
 * more: the same snapshot is stored again under a new time.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { readTextIfExists, writeFileAtomic } from '../../core/files.ts';
import type { BackupRequest, ScanResult, Snapshot, StoredSnapshot } from '../model.ts';

const RECORD = 'previous-snapshot.json';
const MAX_BYTES = 1024 * 1024;
/**
 * An engine that walks finds what a damaged and mended repository has lost of the files, and stores it again: so it does that
 * at least once a day, whatever has changed.
 */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

const PREVIOUS_SNAPSHOT = v.object({
  version: v.literal(1),
  id: v.string(),
  volume: v.string(),
  manifest: v.string(),
  exclude: v.array(v.string()),
  digest: v.string(),
  fingerprint: v.string(),
  /** When the engine has walked the volume for it. */
  walked: v.number(),
});
type PreviousSnapshot = v.InferOutput<typeof PREVIOUS_SNAPSHOT>;

async function readPrevious(workDir: string): Promise<PreviousSnapshot | undefined> {
  try {
    const text = await readTextIfExists(join(workDir, RECORD), MAX_BYTES);
    const parsed = v.safeParse(PREVIOUS_SNAPSHOT, JSON.parse(text ?? 'null'));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined; // It only saves time.
  }
}

/**
 * The snapshot that was made of just this volume, if nothing at all has changed since: not a content, a name, a mode, an owner,
 * a time or an attribute, and nothing of it is marked as changing.
 * @param snapshots what the repository has of the volume, newest first
 */
export async function unchangedSnapshot(
  workDir: string,
  request: Omit<BackupRequest, 'unchanged'>,
  scan: ScanResult,
  snapshots: readonly Snapshot[],
): Promise<Snapshot | undefined> {
  const previous = await readPrevious(workDir);
  const isSame =
    previous !== undefined &&
    scan.changing === 0 &&
    previous.digest === scan.digest &&
    previous.fingerprint === scan.fingerprint &&
    previous.volume === request.volume &&
    previous.manifest === request.manifest &&
    JSON.stringify(previous.exclude) === JSON.stringify(request.exclude) &&
    request.now >= previous.walked &&
    request.now - previous.walked < MAX_AGE_MS;
  return isSame ? snapshots.find(({ id }) => id === previous.id) : undefined;
}

/** Notes what snapshot has been made, and read back, of what; it is no failure when that cannot be written. */
export async function noteSnapshot(
  workDir: string,
  request: BackupRequest,
  scan: ScanResult,
  { snapshot, isRepeated }: StoredSnapshot,
): Promise<void> {
  const { volume, manifest, exclude, now } = request;
  const { digest, fingerprint } = scan;
  const walked = isRepeated === true ? (await readPrevious(workDir))?.walked : now;
  const record: PreviousSnapshot = {
    version: 1,
    id: snapshot.id,
    volume,
    manifest,
    exclude: [...exclude],
    digest,
    fingerprint,
    walked: walked ?? 0,
  };
  // One of an earlier snapshot, which may stay instead, is of another digest.
  await writeFileAtomic(join(workDir, RECORD), JSON.stringify(record), { mode: 0o600, fsync: false }).catch(
    () => undefined,
  );
}
