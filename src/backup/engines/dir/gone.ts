/** What of a manifest a snapshot does not have: it went away between, where entries come and go all the time. */
import type { BytePath } from '../../manifest/entry.ts';

/** Whether an entry is one of these, or lies below one. Asked in the order of the manifest. */
export function createGone(paths: readonly BytePath[]): (path: BytePath) => boolean {
  const gone = new Set(paths);
  let above: BytePath | undefined;
  return (path) => {
    if (gone.has(path)) {
      above = path;
    }
    return above !== undefined && (path === above || path.startsWith(`${above}/`));
  };
}
