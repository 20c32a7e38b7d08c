import { join } from 'node:path';
import { withTree } from '../publishing/place.ts';

/** The absolute paths of the entries of a directory below a root; none when it is a link, or cannot be read. */
export async function entriesOf(root: string, directory: string): Promise<string[]> {
  const entries = await withTree(root, directory, async (opened) => (await opened?.list()) ?? []).catch(
    () => [],
  );
  return entries.map(({ name }) => join(directory, name));
}
