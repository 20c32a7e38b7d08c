/** The sync of one repository: an object with a status of its own. Several may work in one process. */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import { version } from '../../core/version.ts';
import { type Authentication, prepareAuthentication } from '../../git/auth/authentication.ts';
import { requireFiles } from '../../git/auth/required-files.ts';
import { ALL_SOURCES } from '../../git/auth/sources/all.ts';
import { withoutPassword } from '../../git/public-url.ts';
import { explainFailure } from '../../git/remote/explain-failure.ts';
import { createRemoteProbe } from '../../git/remote/probe.ts';
import { createGit, type Git } from '../../git/run.ts';
import { type HookCommand, parseCommands } from '../options/commands.ts';
import { keepAny, keepFor, keepNewest, type Retention } from './cleanup/retention.ts';
import { createSettledTrees } from './cleanup/settled-trees.ts';
import type { SyncContext } from './context.ts';
import type { PublishedCopy } from './copy/published-copy.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import type { HookName, PassResult, SyncObserver } from './events.ts';
import { queryOf, watchedRef } from './fetching/follow.ts';
import type { Gate } from './gate.ts';
import { createHooks, type Hooks } from './hooks/hooks.ts';
import { createRootAccess } from './lock/root-access.ts';
import { observePublication } from './observers/publication-record.ts';
import { observeChanges } from './observers/touch-file.ts';
import type { Pins, PinsInit } from './pins/pins.ts';
import { hasState, stateBase } from './pins/state-place.ts';
import { absolute, isOwnPlace, type Layout, layoutOf } from './publishing/layout.ts';
import { linkBehindCopy } from './publishing/links.ts';
import { requireOwnFile } from './publishing/own-file.ts';
import { hasEarlierPublication } from './publishing/publication.ts';
import { whereLinkIs } from './publishing/where-link-is.ts';
import { createLfsStore, requireLfs } from './repository/lfs-store.ts';
import { createSharedRepository, type SharedRepository } from './repository/shared-repository.ts';
import { shapeOf } from './repository/tree-check.ts';
import { createTreeReuse } from './reuse/tree-reuse.ts';
import { prepareRoot, ROOT_ERRORS } from './root.ts';
import type { SyncSpec } from './spec.ts';
import type { SyncStatus } from './status.ts';
import { createTimedPasses, type TimedPassInit } from './timed-pass.ts';

export interface SyncerDeps {
  readonly log: Log;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** The environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What hooks see of it: without secrets. */
  readonly hookEnv: Readonly<Record<string, string>>;
  /** Home directory for a user without a passwd entry. */
  readonly home: string;
  /** Ends the hooks, which run between passes as well. */
  readonly stop: AbortSignal;
  /** Called for each event in this order, before the syncer's own hooks and files. */
  readonly observers?: readonly SyncObserver[];
  readonly gates?: readonly Gate[];
  /** Default: by the stale-worktree timeout. */
  readonly retention?: Retention;
  /** How long a pass may take to end once its time is over, in milliseconds. Default 5000. */
  readonly unwindMs?: number;
  /** Of a root that several syncers of this process use. */
  readonly neighbours?: Neighbours;
}

/** Others of this process that publish from the same root, under links of their own. */
export interface Neighbours {
  /** What this one's record of its publication is called among theirs. */
  readonly name: string;
  /** Absolute paths of the trees that their hooks work in. */
  treesInUse(): readonly string[];
}

export interface Syncer {
  /** Absolute path of the published link, or of the copy in its place. */
  readonly link: string;
  /**
   * One pass, inside the sync timeout; one at a time. Rejects when it failed, with advice.
   * @param stop interrupts it, which is no failure
   */
  pass(stop: AbortSignal): Promise<PassResult>;
  status(): SyncStatus;
  /** Absolute paths of the trees that hooks work in. */
  treesInUse(): readonly string[];
  /** Calls `changed` when there was a rollback, or one was released, until `stop` is aborted. */
  watchPins(changed: () => void): void;
  /** The hooks of which the first run failed, among all that were sent; waits for the runs. */
  failedHooks(): Promise<readonly HookName[]>;
  /** What `close` does, step by step: a process gives each its own time at its end. */
  readonly closing: readonly ClosingStep[];
  /** Waits for hooks that still run, and removes what only this process needs. The deps' `stop` must be aborted. */
  close(): Promise<void>;
}

export interface ClosingStep {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** What it has after the deadline, where something private would be left behind. */
  readonly lastChanceMs?: number;
}

/** A busy machine removes a few small files within this, also when a second signal has cut the grace short. */
const REMOVAL_MS = 1000;

/** The parts of one syncer. */
interface Parts {
  readonly spec: SyncSpec;
  readonly deps: SyncerDeps;
  readonly root: string;
  /** What readers know: the link, or the copy. */
  readonly published: string;
  readonly link: string;
  readonly copy: PublishedCopy | undefined;
  readonly pins: Pins | undefined;
  readonly layout: Layout;
  readonly emitter: Emitter;
  readonly authentication: Authentication;
  readonly shared: SharedRepository;
}

async function open(spec: SyncSpec, deps: SyncerDeps): Promise<Parts> {
  await (spec.lfs ? requireLfs(deps.env['PATH']) : undefined);
  const root = await prepareRoot(spec.root, deps.log);
  const published = absolute(spec.link, root);
  const place = await whereLinkIs(root, published);
  if (isOwnPlace(spec.dialect, root, place)) {
    throw ROOT_ERRORS.link_cleaned_away({ path: published, place });
  }
  await requireOwnFile(spec, '--touch-file', spec.touchFile);
  const copies = spec.publish === 'copy' ? await import('./copy/published-copy.ts') : undefined;
  const copy = copies?.createPublishedCopy(root, published, spec, deps.clock);
  const link = copy === undefined ? published : linkBehindCopy(root, published);
  const layout = layoutOf(spec.dialect, root);
  const publication = { root, publisher: spec, name: deps.neighbours?.name };
  const emitter = createEmitter(deps.clock, await hasEarlierPublication(publication, link, layout, copy));
  const pins = await pinsOf(spec, deps, { root, link: published, emit: emitter.emit });
  await requireFiles(spec);
  const authentication = await prepareAuthentication({
    ...deps,
    settings: spec,
    sources: ALL_SOURCES,
    root,
    programEnv: deps.hookEnv,
    now: () => deps.clock.now(),
    onRequest: (source, status) => emitter.emit({ kind: 'credentials-requested', source, status }),
  });
  try {
    const shared = await createSharedRepository({
      root,
      privatePath: authentication.privatePath,
      url: withoutPassword(spec.repo),
      filter: spec.filter,
      log: deps.log,
      onCreate: () => emitter.emit({ kind: 'creating-repository', path: root }),
    });
    return { spec, deps, root, published, link, copy, pins, layout, emitter, authentication, shared };
  } catch (error) {
    await authentication.close();
    throw error;
  }
}

/**
 * Where revisions are kept, or were: a rollback holds until it is released, whatever options the process is started with.
 * Nothing is remembered, or loaded, where there was none.
 */
async function pinsOf(
  spec: SyncSpec,
  { env, clock, log }: SyncerDeps,
  place: Pick<PinsInit, 'root' | 'link' | 'emit'>,
): Promise<Pins | undefined> {
  const base = stateBase(spec.stateDir, env);
  if (spec.keepRevisions === 0 && !(await hasState(base))) {
    return undefined;
  }
  const { openPins, hasRecords } = await import('./pins/pins.ts');
  if (spec.keepRevisions === 0 && !(await hasRecords(base, place, log))) {
    return undefined;
  }
  const repository = withoutPassword(spec.repo);
  return openPins({ base, repository, keep: spec.keepRevisions, verify: spec.verify, clock, log, ...place });
}

/** The environment of every git of this sync. */
const gitEnvOf =
  ({ authentication, shared }: Parts) =>
  () => ({ ...authentication.gitEnvironment(), ...shared.env() });

/** The environment of what the user has run at a commit. */
const commandEnvOf =
  ({ deps, authentication }: Parts) =>
  () => ({ ...deps.hookEnv, ...authentication.hookVariables() });

function gitOf(parts: Parts): Git {
  return createGit({ program: parts.spec.git, log: parts.deps.log, env: gitEnvOf(parts) });
}

function openHooks(parts: Parts): Hooks {
  const { spec, deps, root, layout, emitter } = parts;
  return createHooks({
    ...deps,
    spec,
    execEnv: commandEnvOf(parts),
    treePath: layout.treePath,
    delivery: {
      repository: withoutPassword(spec.repo),
      ref: watchedRef(spec.follow),
      secrets: deps.secrets,
      async changedPaths(change, signal) {
        const { listChangedPaths } = await import('./hooks/delivery-body.ts');
        return listChangedPaths(gitOf(parts), root, change, signal);
      },
    },
    onResult: (hook, status) => emitter.emit({ kind: 'hook-ended', hook, status }),
  });
}

/** What the options ask for; nothing is loaded for what they do not. */
async function gatesOf(parts: Parts, git: Git): Promise<Gate[]> {
  const { spec, deps, root } = parts;
  const gates = await signatureGate(parts);
  if (spec.sparsePaths.length > 0) {
    const { createSparsePathsGate } = await import('./gates/sparse-paths.ts');
    gates.push(createSparsePathsGate(deps.clock));
  }
  if (spec.publishSubdirectory !== '' || spec.publishCommitInfo || spec.publish === 'copy') {
    const { createReadersViewGate } = await import('./gates/readers-view.ts');
    gates.push(createReadersViewGate({ spec, root, git, clock: deps.clock, log: deps.log }));
  }
  const commands = parseCommands(spec.prePublish, spec.prePublishShell);
  if (commands.length > 0) {
    gates.push(await prePublishGate(parts, git, commands));
  }
  return gates;
}

async function signatureGate(parts: Parts): Promise<Gate[]> {
  const { spec, deps, root, authentication, shared } = parts;
  if (spec.verify === 'off') {
    return [];
  }
  const { createSignatureGate } = await import('./gates/signatures/gate.ts');
  const gate = createSignatureGate({
    mode: spec.verify,
    gpgKeyring: spec.verifyGpgKeyring,
    sshAllowedSigners: spec.verifySshAllowedSigners,
    place: join(authentication.privatePath, 'signatures'),
    program: spec.git,
    root,
    env: gitEnvOf(parts),
    fetchedObject: async () => (await shared.current().fetchHead())?.hash,
    clock: deps.clock,
    log: deps.log.child('verify'),
  });
  return [gate];
}

async function prePublishGate(parts: Parts, git: Git, commands: readonly HookCommand[]): Promise<Gate> {
  const { spec, deps, root, emitter, authentication } = parts;
  const { createPrePublishGate } = await import('./gates/pre-publish.ts');
  return createPrePublishGate({
    commands,
    timeoutMs: spec.prePublishTimeoutMs,
    git,
    root,
    shape: shapeOf(spec),
    place: authentication.privatePath,
    env: commandEnvOf(parts),
    clock: deps.clock,
    log: deps.log.child('pre-publish'),
    showsOutput: spec.hookOutput,
    onResult: (status) => emitter.emit({ kind: 'hook-ended', hook: 'pre-publish', status }),
  });
}

const treesOf = (hooks: Hooks, layout: Layout) => hooks.busy().map((hash) => layout.treePath(hash));

async function openPass(parts: Parts, hooks: Hooks): Promise<TimedPassInit> {
  const { spec, deps, root, link, copy, pins, layout, emitter, authentication, shared } = parts;
  const { log, clock, env } = deps;
  const git = gitOf(parts);
  const lfs = spec.lfs ? createLfsStore(() => join(shared.current().gitDir, 'lfs')) : undefined;
  const probe = createRemoteProbe({
    settings: spec,
    query: queryOf(spec.follow),
    git,
    root,
    place: authentication.privatePath,
    agent: `git/pillion-${version}`,
    log,
    env,
    gitEnv: gitEnvOf(parts),
    onAsk: (by) => emitter.emit({ kind: 'remote-asked', by }),
    onReceived: (purpose, bytes) => emitter.emit({ kind: 'received', purpose, bytes }),
    authorization: (url) => Promise.resolve(authentication.authorization(url)),
    onMoved: (to) =>
      log.warn(
        'the repository is reached by a redirect, which costs each poll a request: configure its new address',
        {
          repo: withoutPassword(spec.repo),
          to,
        },
      ),
    clock,
  });
  const takeRelay = () => probe.takeRelay();
  const context: SyncContext = { spec, root, shared, git, log, emit: emitter.emit, lfs, takeRelay };
  return {
    context,
    access: createRootAccess(context, clock),
    emitter,
    refresh: authentication.refresh,
    async rest() {
      await probe.rest();
      authentication.rest();
    },
    explain: async (error, signal) =>
      authentication.explain(await explainFailure(error, withoutPassword(spec.repo), probe, signal)),
    link,
    copy,
    pins,
    layout,
    probe,
    clock,
    gates: [...(deps.gates ?? []), ...(await gatesOf(parts, git))],
    retention:
      deps.retention ?? keepAny(keepFor(spec.staleWorktreeTimeoutMs), keepNewest(spec.keepRevisions)),
    reportedTrees: new Set(),
    settledTrees: createSettledTrees(root, clock),
    reuse: createTreeReuse(context, clock),
    ...(deps.unwindMs === undefined ? {} : { unwindMs: deps.unwindMs }),
    inUse: () => [...treesOf(hooks, layout), ...(deps.neighbours?.treesInUse() ?? [])],
  };
}

/** @throws an error with advice when the sync cannot work as it is asked for: no root, no key file, bad configuration. */
export async function createSyncer(spec: SyncSpec, deps: SyncerDeps): Promise<Syncer> {
  const parts = await open(spec, deps);
  const { root, published, pins, layout, emitter, authentication, shared } = parts;
  const hooks = openHooks(parts);
  emitter.add(
    ...(deps.observers ?? []),
    hooks.observe,
    ...(pins === undefined ? [] : [pins.observe]),
    observePublication({ root, publisher: spec, name: deps.neighbours?.name, log: deps.log }),
    observeChanges({
      root,
      path: absolute(spec.touchFile, root),
      attempted: hooks.attempted,
      log: deps.log,
    }),
  );
  const passInit = await openPass(parts, hooks).catch(async (error: unknown) => {
    // Whoever tries again must not leave something private behind each time.
    await shared.close().catch(() => undefined);
    await authentication.close();
    throw error;
  });
  const pass = createTimedPasses(passInit);
  const closing: readonly ClosingStep[] = [
    { name: 'hooks', run: () => hooks.stopped() },
    { name: 'connection to the remote', run: async () => passInit.probe.close() },
    { name: 'repository', run: () => shared.close(), lastChanceMs: REMOVAL_MS },
    { name: 'authentication', run: () => authentication.close(), lastChanceMs: REMOVAL_MS },
  ];
  return {
    link: published,
    closing,
    pass,
    status: () => emitter.status(),
    treesInUse: () => treesOf(hooks, layout),
    watchPins(changed) {
      pins?.watch(deps.stop, changed).catch((error: unknown) => {
        deps.log.at(1, 'cannot watch for rollbacks: the next sync finds them', {
          reason: errorMessage(error),
        });
      });
    },
    failedHooks: () => hooks.failed(),
    async close() {
      for (const step of closing) {
        await step.run();
      }
    },
  };
}
