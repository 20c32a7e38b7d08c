/** Our folder on a volume, and the records in it. Others can write to the volume: nothing here is followed. */
import process from 'node:process';
import { errorMessage } from '../../core/errors.ts';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { openForeignRoot } from '../../core/foreign-files/directory.ts';
import { parseJson } from '../../core/parse-json.ts';
import { OWN_FOLDER } from '../model.ts';
import { COMMIT_ERRORS } from './errors.ts';

const FOLDER_MODE = 0o755;
const RECORD_MODE = 0o644;
const DEFAULT_MAX_BYTES = 1024 * 1024;
/** A journal has a name for each entry of the volume's root, and all its objects are of a few kinds. */
const LIMITS = { values: 4_000_000, shapes: 100_000 };

/** Runs work with our folder; undefined where there is none and none is to be made. */
export async function withOwnFolder<T>(
  volume: string,
  { isMade }: { readonly isMade: boolean },
  use: (folder: ForeignDirectory | undefined) => Promise<T>,
): Promise<T> {
  const root = await openForeignRoot(volume);
  try {
    const folder = isMade
      ? await root.make(OWN_FOLDER, FOLDER_MODE).then((made) => made ?? root.openOrThrow(OWN_FOLDER))
      : await openIfThere(root);
    try {
      if (folder !== undefined) {
        await requireOurs(root);
      }
      return await use(folder);
    } finally {
      await folder?.close();
    }
  } finally {
    await root.close();
  }
}

/** The same for a folder that must be there, or is made. */
export function withMadeOwnFolder<T>(
  volume: string,
  use: (folder: ForeignDirectory) => Promise<T>,
): Promise<T> {
  return withOwnFolder(volume, { isMade: true }, (folder) => {
    if (folder === undefined) {
      throw new TypeError('a folder that was made is there');
    }
    return use(folder);
  });
}

async function openIfThere(root: ForeignDirectory): Promise<ForeignDirectory | undefined> {
  return (await root.stat(OWN_FOLDER)) === undefined ? undefined : await root.openOrThrow(OWN_FOLDER);
}

/**
 * What root does because a journal says so, an unprivileged application must not have written. Without privileges there is
 * nothing to be gained, and file systems that give all files to one user have no owners.
 */
async function requireOurs(root: ForeignDirectory): Promise<void> {
  const uid = process.geteuid?.();
  const owner = (await root.stat(OWN_FOLDER))?.uid;
  if (uid === 0 && owner !== undefined && owner !== uid) {
    throw COMMIT_ERRORS.own_folder_foreign({ path: `${root.shownPath}/${OWN_FOLDER}`, uid: owner });
  }
}

/** The record of this name, undefined when there is none. `parse` throws for what it cannot be. */
export async function readRecord<T>(
  folder: ForeignDirectory,
  name: string,
  parse: (value: unknown) => T,
  maxBytes = DEFAULT_MAX_BYTES,
): Promise<T | undefined> {
  const path = `${folder.shownPath}/${name}`;
  const content = await folder.read(name, { maxBytes });
  if (content.kind === 'missing') {
    return undefined;
  }
  if (content.kind === 'denied') {
    throw fileError(
      FILE_ERRORS.read_failed,
      path,
      Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }),
    );
  }
  if (content.kind !== 'file') {
    throw COMMIT_ERRORS.record_invalid({ path, reason: `it is ${content.kind}` });
  }
  try {
    return parse(parseJson(content.bytes.toString('utf8'), LIMITS));
  } catch (error) {
    throw COMMIT_ERRORS.record_invalid({ path, reason: errorMessage(error) }, { cause: error });
  }
}

/** The same for a record that only saves work: one that is damaged, or was put there by somebody else, is as good as none. */
export async function readNote<T>(
  folder: ForeignDirectory,
  name: string,
  parse: (value: unknown) => T,
): Promise<T | undefined> {
  try {
    return await readRecord(folder, name, parse);
  } catch {
    return undefined;
  }
}

/** Replaces a record as a whole, also for a power loss. */
export async function writeRecord(folder: ForeignDirectory, name: string, value: unknown): Promise<void> {
  await folder.removeHalfWritten(name);
  await folder.write(name, `${JSON.stringify(value, undefined, 1)}\n`, { mode: RECORD_MODE });
}
