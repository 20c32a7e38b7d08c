/**
 * Taking the lock of a dead owner, so that exactly one of those who find it dead gets it. The successor of D is whoever
 * makes the link that is named after D, which only one can, and only the successor replaces a lock that names D. When a
 * successor S died before it was done, whoever makes the link named after S goes on in its place.
 */

import type { ForeignDirectory } from '../foreign-files/directory.ts';
import { sha256 } from '../sha256.ts';
import { CLAIM_PREFIX, DEAD_PREFIX, isOwnerAlive, LOCK_NAME, socketName } from './lock-files.ts';

export interface SuccessionInit {
  readonly directory: ForeignDirectory;
  /** Our id. */
  readonly id: string;
  /** Called with the id of the dead owner by its successor alone, before it takes the lock. */
  readonly onDeadOwner: (id: string) => Promise<void>;
}

/** An id may be any text. */
const claimName = (id: string) => CLAIM_PREFIX + sha256(id).slice(0, 32);

/**
 * Claims the succession of a dead owner. Returns the claims that lead to us, our own last; undefined when a living
 * process has claimed it, or it is settled.
 */
async function claim({ directory, id }: SuccessionInit, dead: string): Promise<string[] | undefined> {
  const claims: string[] = [];
  for (let predecessor = dead; ; ) {
    const name = claimName(predecessor);
    if (claims.includes(name)) {
      // A circle, which none of us makes.
      await Promise.all(claims.map((each) => directory.remove(each)));
      return undefined;
    }
    claims.push(name);
    if (await directory.makeSymlink(name, id)) {
      return claims;
    }
    const rival = await directory.readlink(name);
    if (rival === undefined) {
      // It is gone already, or something else stands there.
      await directory.remove(name).catch(() => {});
      return undefined;
    }
    if (await isOwnerAlive(directory, rival, id)) {
      return undefined;
    }
    predecessor = rival;
  }
}

/** Takes over the lock that names `dead`; leaves it alone when somebody else has it, or is about to. */
export async function takeOver(init: SuccessionInit, dead: string): Promise<void> {
  const { directory, id, onDeadOwner } = init;
  const claims = await claim(init, dead);
  const own = claims?.at(-1);
  if (claims === undefined || own === undefined) {
    return;
  }
  const prepared = DEAD_PREFIX + id;
  try {
    // Claims are removed once the lock has been replaced: ours counts only while the lock still names the dead owner.
    if ((await directory.readlink(LOCK_NAME)) !== dead) {
      return;
    }
    await onDeadOwner(dead);
    await directory.makeSymlink(prepared, id);
    await directory.rename(prepared, directory, LOCK_NAME);
    await Promise.all(claims.map((name) => directory.remove(name)));
    await directory.remove(socketName(dead)).catch(() => {});
  } finally {
    await directory.remove(own).catch(() => {});
  }
}
