import { sha256 } from '../../../core/sha256.ts';

/** The name of the directory with the objects that come from a submodule's address. */
export function moduleKey(url: string): string {
  return sha256(url).slice(0, 32);
}
