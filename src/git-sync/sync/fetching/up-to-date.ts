/** The cheap question of most passes: is what is published whole, and is it what the remote has? */
import type { Log } from '../../../core/log/log.ts';
import type { FoundRef } from '../../../git/remote/http-probe.ts';
import type { RemoteProbe } from '../../../git/remote/probe.ts';
import type { PublishedCopy } from '../copy/published-copy.ts';
import type { Layout } from '../publishing/layout.ts';
import { readPublishedTree } from '../publishing/publish.ts';
import { checkTree, shapeOf } from '../repository/tree-check.ts';
import type { SyncSpec } from '../spec.ts';
import { chooseTag } from '../tags/choose.ts';
import { isChosenByRule, isPinned, watchedRef } from './follow.ts';

export interface UpToDateInit {
  readonly spec: SyncSpec;
  /** Absolute. */
  readonly root: string;
  readonly link: string;
  readonly layout: Layout;
  readonly copy?: PublishedCopy | undefined;
  readonly probe: RemoteProbe;
  readonly log: Log;
}

export type UpToDate =
  /** Nothing at all has to be done. */
  | { readonly published: string }
  /** What the remote has for the ref; undefined when it could not be asked. */
  | { readonly published: undefined; readonly expected: FoundRef | undefined };

const UNKNOWN: UpToDate = { published: undefined, expected: undefined };

/** The commit whose worktree the link leads to, if it is complete and in its place. */
export async function intactHash({
  spec,
  root,
  link,
  layout,
  copy,
  log,
}: Omit<UpToDateInit, 'probe'>): Promise<string | undefined> {
  const { tree: path, below } = (await readPublishedTree(root, link)) ?? {};
  const hash = path && layout.hashOf(path);
  const shape = shapeOf(spec);
  if (path === undefined || hash === undefined || path !== layout.treePath(hash) || below !== shape.below) {
    return undefined;
  }
  const state = await checkTree(root, path, hash, shape);
  if (state === 'ok') {
    return (await (copy?.isOf(hash) ?? true)) ? hash : undefined;
  }
  log.info(state === 'empty' ? 'worktree is empty' : 'worktree failed checks', { path, state });
  return undefined;
}

/**
 * Reads a handful of files and asks the remote once, whatever the size of the repository.
 * @throws the remote's refusal, so that credentials it refused are not offered to it again in the same pass
 */
export async function checkUpToDate(init: UpToDateInit, signal: AbortSignal): Promise<UpToDate> {
  const { spec, probe } = init;
  const hash = await intactHash(init);
  if (hash === undefined) {
    return UNKNOWN;
  }
  if (isPinned(spec.follow, hash)) {
    return { published: hash };
  }
  if (isChosenByRule(spec.follow)) {
    const chosen = await chooseTag(probe, watchedRef(spec.follow), signal);
    return chosen.hash === hash ? { published: hash } : { published: undefined, expected: chosen };
  }
  const found = await askRemote(init, signal);
  return found?.hash === hash ? { published: hash } : { published: undefined, expected: found };
}

/**
 * What the remote has for the ref; undefined when it could not be asked, or does not list it.
 * @throws the remote's refusal
 */
export async function askRemote(
  { probe, log }: Pick<UpToDateInit, 'probe' | 'log'>,
  signal: AbortSignal,
): Promise<FoundRef | undefined> {
  // Whatever else goes wrong here, the fetch explains better.
  const remote = await probe.ask(signal).catch((error: unknown) => {
    log.at(3, 'cheap check of the remote failed', { reason: String(error) });
    return undefined;
  });
  if (remote?.kind === 'refused') {
    throw remote.error;
  }
  return remote?.kind === 'ref' ? remote : undefined;
}
