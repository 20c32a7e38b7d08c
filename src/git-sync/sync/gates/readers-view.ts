/** What must be there for readers: the directory that is published, and in it the file that tells its commit. */
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Git } from '../../../git/run.ts';
import type { Candidate, Gate } from '../gate.ts';
import { commitInfo, INFO_DIR, toldHash, writeCommitInfo } from '../publishing/commit-info.ts';
import { withTree } from '../publishing/place.ts';
import type { SyncSpec } from '../spec.ts';
import { umaskOf } from '../umask.ts';
import { GATE_ERRORS } from './errors.ts';
import { createRefusals } from './refusals.ts';

export interface ReadersViewInit {
  readonly spec: SyncSpec;
  readonly root: string;
  readonly git: Git;
  readonly clock: Clock;
  readonly log: Log;
}

/** The commit that is told there already; undefined where something else is told, or nothing at all. */
async function foundIn(published: ForeignDirectory): Promise<string | undefined> {
  const holder = await published.open(INFO_DIR);
  try {
    return await toldHash(holder);
  } finally {
    await holder?.close();
  }
}

async function putInfo(
  { spec, root, git, clock, log }: ReadersViewInit,
  published: ForeignDirectory,
  hash: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await published.stat(INFO_DIR)) !== undefined) {
    if ((await foundIn(published)) !== hash) {
      throw GATE_ERRORS.reserved_name({ hash, path: join(spec.publishSubdirectory, INFO_DIR) });
    }
    return;
  }
  if (spec.publish === 'copy') {
    return; // the copy gets the file, not the tree
  }
  const info = await commitInfo(spec, hash, clock.now(), git, { cwd: root, signal });
  const umask = umaskOf(spec);
  const holder = await published.make(INFO_DIR, 0o777 & ~umask);
  try {
    await (holder && writeCommitInfo(holder, info, 0o666 & ~umask, log));
  } finally {
    await holder?.close();
  }
}

/** Refuses a commit without the directory, or with something of its own where the file belongs. */
export function createReadersViewGate(init: ReadersViewInit): Gate {
  const { spec, root, clock } = init;
  const refusals = createRefusals<Error>(clock);
  const below = spec.publishSubdirectory;

  async function prepare({ hash, path }: Candidate, signal: AbortSignal): Promise<void> {
    await withTree(root, join(path, below), async (published) => {
      if (published === undefined) {
        throw GATE_ERRORS.subdirectory_missing({ hash, path: below });
      }
      if (spec.publishCommitInfo || spec.publish === 'copy') {
        await putInfo(init, published, hash, signal);
      }
    });
  }

  return {
    isForAll: true,
    refusal: ({ hash }) => refusals.refusal(hash),
    hasRefused: () => refusals.holds(),
    async check(candidate, signal) {
      try {
        await prepare(candidate, signal);
        refusals.forget();
      } catch (error) {
        const isRefused =
          GATE_ERRORS.subdirectory_missing.matches(error) || GATE_ERRORS.reserved_name.matches(error);
        throw isRefused ? refusals.refuse(candidate.hash, error) : error;
      }
    },
  };
}
