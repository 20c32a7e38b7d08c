/** What the metadata of a tree sums up to: equal when nothing in it has changed, in half the time of a comparison. */
import { createHash } from 'node:crypto';
import { createBreather } from '../../core/breather.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ScanOptions } from '../model.ts';
import { createExclusion } from './exclude.ts';
import { type Found, walkBySome } from './walk.ts';

export interface Fingerprint {
  /** Entries come in the order of the walk. */
  add(found: Found): void;
  digest(): string;
}

const NUMBERS = 4;
const AT_A_TIME = 1024;

/**
 * Names, inodes, sizes, times of content and of status of all entries: whatever changes a content, a mode, an owner or an
 * attribute gives another time of the status (ctime), which nobody can set.
 */
export function createFingerprint(): Fingerprint {
  const hash = createHash('sha256');
  const numbers = new BigInt64Array(NUMBERS * AT_A_TIME);
  const bytes = new Uint8Array(numbers.buffer);
  let names = '';
  let count = 0;

  function flush(): void {
    hash.update(bytes.subarray(0, count * BigInt64Array.BYTES_PER_ELEMENT));
    hash.update(names, 'latin1');
    names = '';
    count = 0;
  }

  return {
    add({ path, kind, status }) {
      numbers[count] = status.ino;
      numbers[count + 1] = status.size;
      numbers[count + 2] = status.mtimeNs;
      numbers[count + 3] = status.ctimeNs;
      count += NUMBERS;
      names += `${kind} ${path}\0`;
      if (count === numbers.length) {
        flush();
      }
    },
    digest() {
      flush();
      return hash.digest('hex');
    },
  };
}

/**
 * Of a tree as it is now.
 * @throws PillionError `read_failed`, `volume_too_deep`, or the signal's reason
 */
export async function fingerprintOf(
  root: string,
  { signal, exclude }: Pick<ScanOptions, 'signal' | 'exclude'>,
): Promise<string> {
  const tree = openByteRoot(root);
  const breathe = createBreather(signal);
  const fingerprint = createFingerprint();
  try {
    for (const some of walkBySome(tree, createExclusion(exclude))) {
      some.forEach(fingerprint.add);
      const pause = breathe();
      if (pause !== undefined) {
        await pause;
      }
    }
    return fingerprint.digest();
  } finally {
    tree.close();
  }
}
