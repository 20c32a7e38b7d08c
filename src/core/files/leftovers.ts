import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { randomId } from '../random-id.ts';
import { FILE_ERRORS, fileError } from './file-error.ts';

const RANDOM_PART = /^[0-9a-f]{16}\.tmp$/;
/** File names have at most 255 bytes; what we add to one takes 31. */
const MAX_STEM_BYTES = 220;

/** The name next to `name` under which its next version is made: `.NAME.pillion-<16 hex>.tmp`. */
export function temporaryName(name: string): string {
  return `${prefixOf(name)}${randomId()}.tmp`;
}

/**
 * Removes what a crash in the middle of `writeFileAtomic` or `switchSymlink` left next to `name`, and nothing else.
 * Only for the one owner of `name`, before it writes: a version being made by somebody else looks the same.
 * @returns the names removed
 */
export async function removeTemporaryFiles(directory: string, name: string): Promise<string[]> {
  const prefix = prefixOf(name);
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') {
      return [];
    }
    throw fileError(FILE_ERRORS.read_failed, directory, error);
  });
  const leftovers = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => entry.name)
    .filter((entry) => entry.startsWith(prefix) && RANDOM_PART.test(entry.slice(prefix.length)));
  for (const leftover of leftovers) {
    await removeIfExists(join(directory, leftover));
  }
  return leftovers;
}

export async function removeIfExists(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') {
      throw fileError(FILE_ERRORS.remove_failed, path, error);
    }
  }
}

function prefixOf(name: string): string {
  const stem = Buffer.byteLength(name) <= MAX_STEM_BYTES ? name : shortened(name);
  return `.${stem}.pillion-`;
}

/** A short stand-in for a name that has no room for more: 64 bits of FNV-1a. */
function shortened(name: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
