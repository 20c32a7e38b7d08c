/** A glance at a git index, in place of a process. */
import { createReadStream } from 'node:fs';

/** The mode of a submodule's commit in an entry of the index, as gitformat-index(5) has it: 32 bits, 0160000. */
const GITLINK_MODE = Buffer.from([0x00, 0x00, 0xe0, 0x00]);
/** The extension of an index whose entries are in another file. */
const SPLIT_INDEX = Buffer.from('link');

/**
 * Whether an index may have submodules. False is certain; true may be by chance, since the same bytes may be part of a
 * time or a hash. Takes time in proportion to the file and no memory.
 * @param path a private file; one that cannot be read may have submodules
 */
export async function mayHaveGitlinks(path: string, signal: AbortSignal): Promise<boolean> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
      const bytes = Buffer.concat([rest, chunk]);
      if (bytes.includes(GITLINK_MODE) || bytes.includes(SPLIT_INDEX)) {
        return true;
      }
      rest = bytes.subarray(-(GITLINK_MODE.length - 1));
    }
    return false;
  } catch {
    signal.throwIfAborted();
    return true;
  }
}
