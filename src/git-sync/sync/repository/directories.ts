import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The absolute paths of a directory's entries; none when it cannot be read. */
export async function entriesOf(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => join(directory, name));
}
