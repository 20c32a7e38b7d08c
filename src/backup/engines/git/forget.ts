/**
 * Snapshots out of a branch: those that stay become new commits of the same trees, one behind the other, and take the place of
 * the branch. A plain clone shows them as any history; what nothing leads to any more is the server's to remove.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { STORE_ERRORS } from '../../errors.ts';
import type { EngineWork, Forgotten, Snapshot } from '../../model.ts';
import type { GitAccess } from './access.ts';
import { type EarlierSnapshot, MAX_EARLIER, parseMessage, renderMessage } from './message.ts';
import { askTip, fetchTip, TIP, type Tip } from './repository.ts';
import { snapshotsOf } from './state.ts';

/**
 * Commits that Pillion has not made stay, with all that is below the newest of them; so does the newest snapshot.
 * @throws PillionError `forget_refused` when the server lets nobody replace a branch; `store_failed` when somebody else has pushed
 */
export async function forgetSnapshots(
  access: GitAccess,
  snapshots: readonly Snapshot[],
  { signal }: EngineWork,
): Promise<Forgotten> {
  const gone = new Set(snapshots.map(({ id }) => id));
  const nothing = { renamed: new Map<string, string>(), stayed: [...gone] };
  const found = await askTip(access, signal);
  if (found === undefined) {
    return nothing;
  }
  const { gitDir, tip } = await fetchTip(access, found, signal);
  if (tip.facts?.volume !== access.context.name) {
    return nothing; // It is somebody else's by now.
  }
  const ours = await ownCommits(access, gitDir, tip, signal);
  const own = snapshotsOf(tip).filter(({ id }) => ours.ids.has(id));
  const kept = own.filter(({ id }) => id === tip.id || !gone.has(id));
  if (kept.length === own.length || kept[0]?.id !== tip.id) {
    return nothing;
  }
  const others = snapshotsOf(tip).filter(({ id }) => !ours.ids.has(id));
  const chain = await makeChain(access, gitDir, { kept, others, base: ours.base }, signal);
  await replaceBranch(access, gitDir, tip, chain, signal);
  await access.run(['update-ref', TIP, chain.tip], { gitDir, signal });
  const stayed = [...others, ...kept].map(({ id }) => id).filter((id) => gone.has(id));
  return { renamed: new Map(chain.commits.map(({ id, before }) => [before, id])), stayed };
}

interface OwnCommits {
  readonly ids: ReadonlySet<string>;
  /** The newest commit of somebody else, on which they lie. */
  readonly base: string | undefined;
}

async function ownCommits(
  access: GitAccess,
  gitDir: string,
  tip: Tip,
  signal: AbortSignal,
): Promise<OwnCommits> {
  const ask = (...args: string[]) => access.run(args, { gitDir, signal });
  if ((await ask('rev-parse', '--is-shallow-repository')) === 'true') {
    // Commits alone, where the server can leave out what is in them.
    await ask('fetch', '--quiet', '--no-tags', '--unshallow', '--filter=tree:0', 'origin', access.ref);
  }
  const made = ['--grep=^Pillion-Version: 1$', '--invert-grep'];
  const base = await ask('rev-list', '--first-parent', '--max-count=1', ...made, tip.id);
  const range = base === '' ? [tip.id] : [tip.id, `^${base}`];
  // More of them are not known by name.
  const newest = `--max-count=${MAX_EARLIER + 1}`;
  const ids = await ask('rev-list', '--first-parent', newest, ...range);
  return { ids: new Set(ids.split('\n')), base: base === '' ? undefined : base };
}

interface Chain {
  readonly tip: string;
  /** The oldest first. */
  readonly commits: readonly {
    readonly id: string;
    readonly before: string;
    readonly parent: string | undefined;
  }[];
}

interface Wanted {
  /** The newest first. */
  readonly kept: readonly Snapshot[];
  /** Snapshots below the base. */
  readonly others: readonly Snapshot[];
  readonly base: string | undefined;
}

async function makeChain(
  access: GitAccess,
  gitDir: string,
  { kept, others, base }: Wanted,
  signal: AbortSignal,
): Promise<Chain> {
  let earlier: readonly EarlierSnapshot[] = others;
  let parent = base;
  const commits: { id: string; before: string; parent: string | undefined }[] = [];
  for (const { id: before, ...rest } of kept.toReversed()) {
    const text = await access.run(['cat-file', 'commit', before], { gitDir, signal });
    const id = await access.run(['hash-object', '-t', 'commit', '-w', '--stdin'], {
      gitDir,
      signal,
      stdin: (write) => write(commitAfter(text, parent, earlier)),
    });
    commits.push({ id, before, parent });
    earlier = [{ ...rest, id }, ...earlier];
    parent = id;
  }
  return { tip: commits.at(-1)?.id ?? '', commits };
}

/** The same commit behind another one. Exported for its test. */
export function commitAfter(
  text: string,
  parent: string | undefined,
  earlier: readonly EarlierSnapshot[],
): string {
  const end = text.indexOf('\n\n');
  const header = text.slice(0, end).split('\n');
  const facts = parseMessage(text.slice(end + 2));
  const [tree, ...rest] = header.filter((line) => /^(?:tree|author|committer) /.test(line));
  if (facts === undefined || tree?.startsWith('tree ') !== true) {
    throw STORE_ERRORS.store_failed({ message: 'a commit of the branch is none that Pillion has made' });
  }
  const parents = parent === undefined ? [] : [`parent ${parent}`];
  return `${[tree, ...parents, ...rest].join('\n')}\n\n${renderMessage({ ...facts, earlier })}`;
}

const REFUSED = /remote rejected|protected branch|denying non-fast-forward|hook declined|not allowed/i;

/**
 * The trees are on the server already. To git each new commit seems to be one behind that which it replaces as well, so that
 * it sends nothing else.
 */
async function replaceBranch(
  access: GitAccess,
  gitDir: string,
  tip: Tip,
  { tip: id, commits }: Chain,
  signal: AbortSignal,
): Promise<void> {
  const { ref, settings } = access;
  const grafts = join(access.workDir, 'grafts');
  const lines = commits.map(({ id: child, before, parent }) =>
    [child, parent, before].filter(Boolean).join(' '),
  );
  await mkdir(access.workDir, { recursive: true });
  await writeFile(grafts, `${lines.join('\n')}\n`, { mode: 0o600 });
  const quiet = ['-c', 'advice.graftFileDeprecated=false'];
  const lease = `--force-with-lease=${ref}:${tip.id}`;
  try {
    await access.run([...quiet, 'push', '--quiet', '--no-verify', lease, 'origin', `${id}:${ref}`], {
      gitDir,
      signal,
      env: { GIT_GRAFT_FILE: grafts },
    });
  } catch (error) {
    signal.throwIfAborted();
    const said = errorMessage(error);
    if (/stale info/.test(said)) {
      const message = `somebody else has pushed to ${settings.shown}: older snapshots stay until the next backup`;
      throw STORE_ERRORS.store_failed({ message }, { cause: error });
    }
    if (REFUSED.test(said)) {
      throw STORE_ERRORS.forget_refused(
        {
          message: `${settings.shown} lets nobody replace its branch, which is what it takes to remove snapshots`,
          hint: 'set no --keep-* here, or allow force-pushes to this branch on the server',
        },
        { cause: error },
      );
    }
    throw error;
  } finally {
    await rm(grafts, { force: true });
  }
  const there = await askTip(access, signal);
  if (there?.id !== id) {
    const message = `${settings.shown} is at ${there?.id ?? 'nothing'}, not at ${id} that it was sent`;
    throw STORE_ERRORS.read_back_failed({ message });
  }
}
