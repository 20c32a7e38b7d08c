/** Names of git objects. */
const FULL_HASH = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** A full object name in lower case, SHA-1 or SHA-256. */
export function isFullHash(text: string): boolean {
  return FULL_HASH.test(text);
}

/** Which hash names the objects of a repository. */
export type ObjectFormat = 'sha1' | 'sha256';

/** The format that a full object name is of. */
export const formatOf = (hash: string): ObjectFormat => (hash.length === 64 ? 'sha256' : 'sha1');
