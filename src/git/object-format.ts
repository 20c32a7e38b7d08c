/** Which object names a server has, as far as git says so when they are not the repository's own. */
import type { ObjectFormat } from './object-name.ts';

const MISMATCH = /mismatched algorithms: client (?:sha1|sha256); server (sha1|sha256)/;
/** Protocol v0 and a push do not say which one it would be; there are two. */
const UNSUPPORTED = /does not support this repository's (?:object format|hash algorithm)/;

/** The format that the server has, when that is why a fetch or a push failed in a repository of the format `own`. */
export function serverFormat(error: unknown, own: ObjectFormat): ObjectFormat | undefined {
  const message = error instanceof Error ? error.message : '';
  const found = MISMATCH.exec(message)?.[1];
  if (found === 'sha1' || found === 'sha256') {
    return found;
  }
  return UNSUPPORTED.test(message) ? (own === 'sha1' ? 'sha256' : 'sha1') : undefined;
}
