/** Where a redirect of a repository's address leads. Pure. */

/** What git's first question adds to the address of a repository. */
export const TAIL = '/info/refs?service=git-upload-pack';

/**
 * The address that a redirect of the first question gives the repository: as in git, it must ask for the same thing there.
 * Undefined where git shall decide: the same address, another question, other protocols, a step from TLS to plain text, user info.
 */
export function movedBase(base: string, location: string): string | undefined {
  if (!URL.canParse(location, base + TAIL)) {
    return undefined;
  }
  const url = new URL(location, base + TAIL);
  const isKept = url.protocol === new URL(base).protocol || url.protocol === 'https:';
  const isPlain = url.username === '' && url.password === '' && url.hash === '';
  const moved = url.href.endsWith(TAIL) ? url.href.slice(0, -TAIL.length) : undefined;
  return isKept && isPlain && moved !== base ? moved : undefined;
}
