/** The lines of a manifest to entries, as they come. A manifest comes from a repository: nothing in it is believed. */
import { createHash } from 'node:crypto';
import type { ManifestSummary } from '../model.ts';
import { compareInTree, type Entry, parentOf } from './entry.ts';
import { MANIFEST_ERRORS } from './errors.ts';
import { FIRST_LINE, LineFault, parseEntry, VERSION_LINE } from './format.ts';

/** The longest line that `formatEntry` makes of what `parseEntry` takes. */
const MAX_LINE_BYTES = 1024 * 1024;
export const MAX_DEPTH = 500;
const NEWLINE = 0x0a;
const COMMENT = 0x23;

export const endLine = ({ entries, files, bytes }: Omit<ManifestSummary, 'digest'>, hash: string): string =>
  `# end entries=${entries} files=${files} bytes=${bytes} sha256=${hash}`;

export interface ManifestParser {
  /** The entries that are complete with these bytes. */
  push(bytes: Buffer): Entry[];
  /** To be called when no more bytes come. */
  end(): ManifestSummary;
}

/**
 * Both functions throw `manifest_invalid`: for lines that are no entries, entries out of order or twice, what lies below
 * something that is no directory, a missing end, and an end that does not agree with what came before.
 */
export function createManifestParser(): ManifestParser {
  const whole = createHash('sha256');
  const body = createHash('sha256');
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  let hasEnded = false;
  let last: Entry | undefined;
  /** The directories above the last entry, and itself if it is one. */
  const above: string[] = [];
  const groups = new Map<number, Entry>();
  const counted = { entries: 0, files: 0, bytes: 0 };

  function need(condition: boolean, reason: string): asserts condition {
    if (!condition) {
      throw MANIFEST_ERRORS.manifest_invalid({ line, reason });
    }
  }

  function parse(text: string): Entry {
    try {
      return parseEntry(text);
    } catch (error) {
      if (error instanceof LineFault) {
        throw MANIFEST_ERRORS.manifest_invalid({ line, reason: error.message });
      }
      throw error;
    }
  }

  function place(entry: Entry): void {
    const parent = parentOf(entry.path);
    need((parent === undefined) === (last === undefined), 'the volume itself is not the first entry');
    need(last === undefined || compareInTree(last.path, entry.path) < 0, 'entries are twice or out of order');
    while (above.length > 0 && above.at(-1) !== parent) {
      above.pop();
    }
    need(parent === undefined || above.at(-1) === parent, 'what it lies in is no directory of the snapshot');
    // The volume itself is one of them.
    need(above.length <= MAX_DEPTH + 1, 'too many directories in each other');
    if (entry.type === 'directory') {
      above.push(entry.path);
    }
    last = entry;
  }

  function count(entry: Entry): void {
    counted.entries += 1;
    if (entry.type !== 'file') {
      return;
    }
    counted.files += 1;
    counted.bytes += entry.size;
    need(Number.isSafeInteger(counted.bytes), 'the sum of all sizes is absurd');
    if (entry.links !== undefined) {
      const first = groups.get(entry.links);
      const isSame =
        first === undefined ||
        (first.type === 'file' && first.size === entry.size && first.sha256 === entry.sha256);
      need(isSame, 'hard links of the same file differ');
      groups.set(entry.links, first ?? entry);
    }
  }

  function onLine(text: string): Entry | undefined {
    line += 1;
    need(!hasEnded, 'something follows the end');
    if (line <= 2) {
      need(text === (line === 1 ? FIRST_LINE : VERSION_LINE), 'not a manifest of this version');
    } else if (text.startsWith('#')) {
      need(
        text === endLine(counted, body.copy().digest('hex')),
        'the end does not agree with what came before',
      );
      hasEnded = true;
      return undefined;
    } else {
      const entry = parse(text);
      place(entry);
      count(entry);
      return entry;
    }
    return undefined;
  }

  return {
    push(bytes) {
      whole.update(bytes);
      const entries: Entry[] = [];
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let start = 0;
      let hashed = 0;
      for (let end = all.indexOf(NEWLINE); end !== -1; end = all.indexOf(NEWLINE, start)) {
        if (all[start] === COMMENT) {
          body.update(all.subarray(hashed, start));
          hashed = start;
        }
        const entry = onLine(all.toString('latin1', start, end));
        start = end + 1;
        if (entry !== undefined) {
          entries.push(entry);
        }
      }
      body.update(all.subarray(hashed, start));
      rest = Buffer.from(all.subarray(start));
      need(rest.length <= MAX_LINE_BYTES, 'an absurdly long line');
      return entries;
    },
    end() {
      need(hasEnded && rest.length === 0, 'its end is missing');
      need(last !== undefined, 'it has no entries');
      return { ...counted, digest: whole.digest('hex') };
    },
  };
}
