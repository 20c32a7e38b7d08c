/** Names of git objects. */
const FULL_HASH = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** A full object name in lower case, SHA-1 or SHA-256. */
export function isFullHash(text: string): boolean {
  return FULL_HASH.test(text);
}
