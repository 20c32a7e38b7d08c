import { createHash } from 'node:crypto';

/** The name of the directory with the objects that come from a submodule's address. */
export function moduleKey(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 32);
}
