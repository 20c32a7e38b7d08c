/** One pass: has the remote moved, is what is published whole, and if not, make it so. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { killOrphans } from '../../core/exec/orphans.ts';
import { removeTree } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';
import { OWNER_VARIABLE } from '../../git/environment.ts';
import { isDiskFull } from '../../git/errors.ts';
import type { RemoteProbe } from '../../git/remote/probe.ts';
import type { Git } from '../../git/run.ts';
import type { GitSyncSettings } from '../settings.ts';
import { changeModes } from './change-modes.ts';
import { type CleanupInit, cleanup, staleTrees } from './cleanup.ts';
import { type FetchInit, isPinned, withFetched } from './fetch.ts';
import { isTreeOfAnyDialect, type Layout } from './layout.ts';
import { linksOf, rememberLink } from './links.ts';
import { createTeller } from './messages.ts';
import { markStale, publish, readPublished } from './publish.ts';
import { reclaimSpace } from './reclaim.ts';
import { setOwnBranch } from './repository/files.ts';
import { removeForeignConfig } from './repository/foreign-config.ts';
import { removeLeftovers } from './repository/repository.ts';
import {
  addTree,
  checkTree,
  dropTree,
  fillTree,
  isUntouched,
  REBUILD_DIR,
  reconnectTree,
  type TreeState,
  type WorktreeInit,
} from './repository/worktree.ts';
import { lockRoot } from './root-lock.ts';

export interface SyncPassInit {
  readonly settings: GitSyncSettings;
  /** The root with its symlinks resolved, and the absolute link. */
  readonly root: string;
  readonly link: string;
  readonly layout: Layout;
  readonly git: Git;
  readonly log: Log;
  readonly clock: Clock;
  readonly probe: RemoteProbe;
  readonly setOwner: (id: string) => void;
  /** Called when a change is about to be made, with the hash before and the one to come. */
  readonly onUpdateRequired: (facts: UpdateFacts) => void;
  /** Called when the link is about to move to a tree that is ready. */
  readonly onPublishing: (hash: string) => void;
  /** Called inside the pass, when the hash is published: hooks are sent from here. */
  readonly onPublished: (facts: UpdateFacts) => Promise<void>;
  readonly inUse: () => readonly string[];
}

export interface UpdateFacts {
  readonly local: string;
  readonly remote: string;
  /** Whether the link moved; false at the first pass over a root that is up to date. */
  readonly changed: boolean;
}

export interface PassResult {
  readonly hash: string;
  readonly changed: boolean;
  /** No further pass can bring anything new. */
  readonly pinned: boolean;
}

export interface SyncPass {
  run(signal: AbortSignal): Promise<PassResult>;
  /** Removes trees that are no longer needed; `hash` is the published one. */
  clean(hash: string, signal: AbortSignal): Promise<void>;
}

/** What it takes to publish a hash. */
interface Plan {
  readonly hash: string;
  readonly target: string;
  /** Our link, then those of other git-syncs that lead to the target already. */
  readonly links: readonly string[];
  readonly isCurrent: boolean;
  readonly state: TreeState;
}

export function createSyncPass(init: SyncPassInit): SyncPass {
  const { settings, root, link, layout, log } = init;
  const worktree: WorktreeInit = { root, git: init.git, log, settings };
  const teller = createTeller(settings, log);
  const fetching: FetchInit = {
    root,
    repo: settings.repo,
    git: init.git,
    log,
    settings,
    onInit: () => teller.cloning(root),
  };
  const cleaning: CleanupInit = {
    root,
    layout,
    settings,
    git: init.git,
    log,
    now: () => init.clock.now(),
    inUse: init.inUse,
  };
  let first = true;
  let failed = true;

  /** `published`: nothing at all is to be done. `expected`: what the remote has, when it could be asked. */
  const look = async (
    signal: AbortSignal,
  ): Promise<{ readonly published?: string; readonly expected?: string | undefined }> => {
    const current = await readPublished(link);
    const hash = current && layout.hashOf(current);
    if (current === undefined || hash === undefined || first || current !== layout.treePath(hash)) {
      return {};
    }
    const state = await checkTree(current, hash);
    if (state !== 'ok') {
      log.info(state === 'empty' ? 'worktree is empty' : 'worktree failed checks', { path: current, state });
      return {};
    }
    if (isPinned(settings, hash)) {
      return { published: hash };
    }
    // Whatever goes wrong on the way, the fetch says better; but an answer counts, and is not asked for twice.
    const remote = await init.probe.ask(signal).catch((error: unknown) => {
      log.at(3, 'cheap check of the remote failed', { reason: String(error) });
      return undefined;
    });
    if (remote?.kind === 'refused') {
      throw remote.error;
    }
    const found = remote?.kind === 'ref' ? remote.hash : undefined;
    return found === hash ? { published: hash } : { expected: found };
  };

  /** Builds the tree of a hash at a path that nobody sees yet. */
  const build = async (path: string, hash: string, signal: AbortSignal) => {
    try {
      await addTree(worktree, path, hash);
      await fillTree(worktree, path, hash, signal);
      await changeModes(path, settings.changePermissions);
      signal.throwIfAborted();
    } catch (error) {
      // Half a tree is of no use to anybody, and the disk may be full because of it.
      await dropTree(worktree, path).catch(() => {});
      throw error;
    }
  };

  const switchLinks = async (links: readonly string[], path: string, hash: string) => {
    // A publication that nobody remembers could be cleaned away by another git-sync on this root.
    await rememberLink(root, link);
    if (links.length > 0) {
      init.onPublishing(hash);
    }
    for (const each of links) {
      await publish(each, path, log);
    }
  };

  /** The published tree is broken but readable: a twin is published first, so that its place can be cleared. */
  const replaceInPlace = async (
    links: readonly string[],
    path: string,
    hash: string,
    signal: AbortSignal,
  ) => {
    const holder = join(root, '.worktrees', REBUILD_DIR);
    for (const place of [join(holder, hash), path]) {
      await build(place, hash, signal);
      await switchLinks(links, place, hash);
    }
    await removeTree(holder);
  };

  /** Makes the tree of a hash whole and published, without a moment at which a link leads to less. */
  const bringAbout = async (plan: Plan, signal: AbortSignal) => {
    const { hash, target, links, state } = plan;
    if (state === 'missing' || state === 'empty') {
      await build(target, hash, signal);
      await switchLinks(links, target, hash);
    } else if (state === 'ok' && (await isUntouched(worktree, target, signal))) {
      await reconnectTree(worktree, target, signal);
      await switchLinks(plan.isCurrent ? [] : [link], target, hash);
    } else {
      log.info('worktree failed checks, replacing it', { path: target, state });
      await replaceInPlace(links, target, hash, signal);
    }
  };

  /** What stands at the place of a hash; a tree that no link leads to is as good as none, since it may be half made. */
  const planFor = async (hash: string, current: string | undefined): Promise<Plan> => {
    const target = layout.treePath(hash);
    const onTarget = (await linksOf(root)).filter((each) => each.target === target);
    const others = onTarget.filter((each) => each.ours && each.link !== link).map((each) => each.link);
    const isPublished = current === target || onTarget.length > 0;
    const state = isPublished ? await checkTree(target, hash) : 'missing';
    return { hash, target, links: [link, ...others], isCurrent: current === target, state };
  };

  const update = async (hash: string, signal: AbortSignal): Promise<PassResult> => {
    const current = await readPublished(link);
    const local = (current && layout.hashOf(current)) ?? '';
    const plan = await planFor(hash, current);
    const changed = !plan.isCurrent || plan.state !== 'ok';
    const facts = { local, remote: hash, changed };
    if (!changed && !first) {
      teller.noUpdate({ local, remote: hash });
      return { hash, changed, pinned: isPinned(settings, hash) };
    }
    init.onUpdateRequired(facts);
    await bringAbout(plan, signal);
    await setOwnBranch(join(root, '.git'), hash);
    if (current !== undefined && current !== plan.target && isTreeOfAnyDialect(root, current)) {
      await markStale(current);
    }
    await init.onPublished(facts);
    return { hash, changed, pinned: isPinned(settings, hash) };
  };

  const locked = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    await mkdir(root, { recursive: true });
    const lock = await lockRoot({
      root,
      clock: init.clock,
      signal,
      onWait: (owner) => log.info('waiting for another git-sync that uses this root', { root, owner }),
      async onDeadOwner(id) {
        failed = true;
        const { killed } = await killOrphans({ name: OWNER_VARIABLE, value: id }, signal);
        log.info('taking over from a git-sync that died', { owner: id, endedProcesses: killed.length });
      },
    });
    try {
      init.setOwner(lock.id);
      await removeForeignConfig(root, log);
      return await work();
    } catch (error) {
      // A git that was ended leaves locks and temporary packs, also when we are told to end and no next pass comes.
      await removeLeftovers(fetching).catch(() => {});
      throw error;
    } finally {
      await lock.release();
    }
  };

  const fullPass = (signal: AbortSignal, expected: string | undefined) => {
    return locked(signal, async () => {
      if (failed) {
        await removeLeftovers(fetching);
      }
      const result = await withFetched({ ...fetching, expected }, signal, (hash) =>
        update(hash, signal),
      ).catch(async (error: unknown) => {
        if (isDiskFull(error)) {
          await reclaimSpace(fetching, signal);
        }
        throw error;
      });
      first = false;
      failed = false;
      return result;
    });
  };

  return {
    async run(signal) {
      const { published, expected } = await look(signal);
      if (published !== undefined) {
        teller.noUpdate({ local: published, remote: published });
        return { hash: published, changed: false, pinned: isPinned(settings, published) };
      }
      try {
        return await fullPass(signal, expected);
      } catch (error) {
        failed = true;
        throw error;
      }
    },
    async clean(hash, signal) {
      const current = layout.treePath(hash);
      if ((await staleTrees(cleaning, current)).length > 0) {
        await locked(signal, () => cleanup(cleaning, current, signal));
      }
    },
  };
}
