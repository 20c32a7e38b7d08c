/** A repository on a local path that has lost its `config` alone: restic says of it what it says of none. */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../core/errors.ts';
import type { UnknownReason } from '../../model.ts';
import { localPathOf } from '../../repository.ts';

/** What a new repository does not have files in. `data` is last: with the others it is not looked at. */
const FOLDERS = ['keys', 'snapshots', 'index', 'data'];

/** The reason as it is, or `damaged` where there was a repository: nothing may start empty, or make another, on that. */
export async function unlessConfigIsLost(
  reason: UnknownReason,
  { location, shownLocation }: { readonly location: string; readonly shownLocation: string },
): Promise<UnknownReason> {
  const path = localPathOf(location);
  if (reason.kind !== 'absent' || path === undefined) {
    return reason;
  }
  for (const folder of FOLDERS) {
    if (await mayHoldFiles(join(path, folder))) {
      return {
        kind: 'damaged',
        message: `${shownLocation}: it has no config, but files in ${folder}/: it was a repository`,
        hint: 'bring its file `config` back, without which nothing in it can be read; or remove all of it, or name another',
      };
    }
  }
  return reason;
}

/** Whether there is a file at any depth; what cannot be looked at may hold one. */
async function mayHoldFiles(path: string): Promise<boolean> {
  try {
    for await (const entry of await opendir(path, { recursive: true })) {
      if (!entry.isDirectory()) {
        return true;
      }
    }
    return false;
  } catch (error) {
    const code = systemErrorCode(error);
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
