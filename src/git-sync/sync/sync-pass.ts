/** One pass: has the remote moved, is what is published whole, and if not, make it so. */
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { killOrphans } from '../../core/exec/orphans.ts';
import { removeBelow } from '../../core/foreign-files/below.ts';
import type { Log } from '../../core/log/log.ts';
import { OWNER_VARIABLE } from '../../git/environment.ts';
import { isDiskFull } from '../../git/errors.ts';
import { withoutPassword } from '../../git/public-url.ts';
import type { RemoteProbe } from '../../git/remote/probe.ts';
import type { Git } from '../../git/run.ts';
import type { GitSyncSettings } from '../settings.ts';
import { changeModes } from './change-modes.ts';
import { type CleanupInit, cleanup, staleTrees } from './cleanup.ts';
import { type FetchInit, isPinned, withFetched } from './fetch.ts';
import { isInside, isTreeOfAnyDialect, type Layout, REBUILD_DIR, TREES_DIR } from './layout.ts';
import { linksOf, rememberLink } from './links.ts';
import { createTeller } from './messages.ts';
import { markStale, publish, readPublished } from './publish.ts';
import { reclaimSpace } from './reclaim.ts';
import { setForeignConfigAside } from './repository/foreign-config.ts';
import { removeLeftovers } from './repository/leftovers.ts';
import type { OpenRoot, SharedRepository } from './repository/shared-repository.ts';
import { checkTree, type TreeState } from './repository/tree-check.ts';
import { type WholeTree, writeBranch, writeTreeView } from './repository/tree-view.ts';
import { buildTree, verifyTree, type WorktreeInit } from './repository/worktree.ts';
import { lockRoot } from './root-lock.ts';

export interface SyncPassInit {
  readonly settings: GitSyncSettings;
  /** The root with its symlinks resolved, and the absolute link. */
  readonly root: string;
  readonly link: string;
  readonly layout: Layout;
  readonly git: Git;
  readonly shared: SharedRepository;
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
  const { shared } = init;
  const worktree: WorktreeInit = { root, git: init.git, log, settings, shared };
  const teller = createTeller(settings, log);
  const fetching: FetchInit = {
    git: init.git,
    log,
    settings,
    shared,
    cwd: root,
  };
  const view = {
    root,
    url: withoutPassword(settings.repo),
    filter: settings.filter,
    groupWrite: settings.groupWrite,
  };
  const cleaning: CleanupInit = {
    root,
    layout,
    settings,
    git: init.git,
    shared,
    log,
    now: () => init.clock.now(),
    inUse: init.inUse,
    reportedTrees: new Set(),
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
    const state = await checkTree(root, current, hash);
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
  const build = async (open: OpenRoot, path: string, hash: string, signal: AbortSignal) => {
    try {
      const tree = await buildTree(worktree, open, path, hash, signal);
      await writeTreeView(view, open, shared.current(), tree);
      await changeModes(path, settings.changePermissions);
      signal.throwIfAborted();
    } catch (error) {
      // Half a tree is of no use to anybody, and the disk may be full because of it.
      await removeBelow(open.directory, relative(root, path)).catch(() => {});
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
    open: OpenRoot,
    links: readonly string[],
    path: string,
    hash: string,
    signal: AbortSignal,
  ) => {
    const holder = join(TREES_DIR, REBUILD_DIR);
    for (const place of [join(root, holder, hash), path]) {
      await build(open, place, hash, signal);
      await switchLinks(links, place, hash);
    }
    await removeBelow(open.directory, holder);
  };

  /** Makes the tree of a hash whole and published, without a moment at which a link leads to less. */
  const bringAbout = async (open: OpenRoot, plan: Plan, signal: AbortSignal) => {
    const { hash, target, links, state } = plan;
    if (state === 'missing' || state === 'empty') {
      await build(open, target, hash, signal);
      await switchLinks(links, target, hash);
      return;
    }
    const whole: WholeTree | undefined = await verifyTree(worktree, open, target, hash, signal);
    if (whole === undefined) {
      log.info('worktree failed checks, replacing it', { path: target, state });
      await replaceInPlace(open, links, target, hash, signal);
    } else {
      await writeTreeView(view, open, shared.current(), whole);
      await switchLinks(plan.isCurrent ? [] : [link], target, hash);
    }
  };

  /** What stands at the place of a hash; a tree that no link leads to is as good as none, since it may be half made. */
  const planFor = async (hash: string, current: string | undefined): Promise<Plan> => {
    const target = layout.treePath(hash);
    const onTarget = (await linksOf(root)).filter((each) => each.target === target);
    const others = onTarget
      .filter((each) => each.ours && each.link !== link && isInside(root, each.link))
      .map((each) => each.link);
    const isPublished = current === target || onTarget.length > 0;
    const state = isPublished ? await checkTree(root, target, hash) : 'missing';
    return { hash, target, links: [link, ...others], isCurrent: current === target, state };
  };

  const update = async (open: OpenRoot, hash: string, signal: AbortSignal): Promise<PassResult> => {
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
    await shared.current().setRef('refs/heads/git-sync', hash);
    await bringAbout(open, plan, signal);
    await writeBranch(view, open, hash);
    await shared.removeIndexes();
    if (current !== undefined && current !== plan.target && isTreeOfAnyDialect(root, current)) {
      await markStale(current);
    }
    await init.onPublished(facts);
    return { hash, changed, pinned: isPinned(settings, hash) };
  };

  const locked = async <T>(
    signal: AbortSignal,
    expected: string | undefined,
    work: (open: OpenRoot) => Promise<T>,
  ): Promise<T> => {
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
      const published = await readPublished(link).catch(() => undefined);
      const hash = expected ?? (published && layout.hashOf(published));
      return await shared.withRoot({ isThorough: failed, hash }, async (open) => {
        await setForeignConfigAside(open.gitDirectory, log);
        try {
          return await work(open);
        } catch (error) {
          // A git that was ended leaves locks and temporary packs, also when we are told to end and no next pass comes.
          await shared
            .current()
            .removeLocks()
            .catch(() => {});
          await removeLeftovers(open, log).catch(() => {});
          throw error;
        }
      });
    } finally {
      await lock.release();
    }
  };

  const fullPass = (signal: AbortSignal, expected: string | undefined) => {
    return locked(signal, expected, async (open) => {
      if (failed) {
        await removeLeftovers(open, log);
      }
      const result = await withFetched({ ...fetching, expected }, open, signal, (hash) =>
        update(open, hash, signal),
      ).catch(async (error: unknown) => {
        if (isDiskFull(error)) {
          await reclaimSpace(fetching, open, signal);
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
        await locked(signal, hash, (open) => cleanup(cleaning, open, current, signal));
      }
    },
  };
}
