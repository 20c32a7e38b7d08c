/** A repository, a root, and syncs over them with real git. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { gitEnvironment } from '../../../../test/support/git.ts';
import { createRepository, type GitRepository } from '../../../../test/support/git-repository.ts';
import { makeTempDir, removeTempDir } from '../../../../test/support/temp.ts';
import { systemClock } from '../../../core/clock.ts';
import { createSecrets } from '../../../core/log/secrets.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { createGit } from '../../../git/run.ts';
import { gitSettings } from '../../../git/testing/settings.ts';
import { hookOptions } from '../../options/hooks.ts';
import { publishOptions } from '../../options/publish.ts';
import { defaultSettings } from '../../options/setting.ts';
import { syncOptions } from '../../options/sync.ts';
import type { LockedContext } from '../context.ts';
import type { SyncEvent } from '../events.ts';
import { createSharedRepository } from '../repository/shared-repository.ts';
import type { SyncSpec } from '../spec.ts';
import { createSyncer, type Syncer, type SyncerDeps } from '../syncer.ts';

/** What v4 asks for by default, over a repository and a root. */
export function syncSpec(parts: Partial<SyncSpec> & Pick<SyncSpec, 'repo' | 'root'>): SyncSpec {
  return {
    ...defaultSettings({ ...syncOptions, ...publishOptions, ...hookOptions }),
    ...gitSettings(),
    dialect: 'v4',
    follow: { kind: 'ref', ref: 'HEAD' },
    link: 'link',
    changePermissions: 0,
    ...parts,
  };
}

export interface StartedSync {
  readonly syncer: Syncer;
  /** What it emitted, in order. */
  readonly events: readonly SyncEvent[];
  readonly lines: readonly string[];
  readonly stop: AbortController;
  /** One pass. */
  pass(): ReturnType<Syncer['pass']>;
  /** The kinds of the events since the last call. */
  kinds(): string[];
  end(): Promise<void>;
}

export interface RecordedContext extends LockedContext {
  /** The kinds of the events so far. */
  readonly kinds: string[];
  readonly lines: string[];
}

export interface SyncScene {
  readonly repo: GitRepository;
  readonly root: string;
  readonly link: string;
  /** A path outside of repository and root; nothing is created. */
  join(...names: string[]): string;
  start(parts?: Partial<SyncSpec>, deps?: Partial<SyncerDeps>): Promise<StartedSync>;
  /** Opens the root for the steps of a pass. */
  inRoot<T>(parts: Partial<SyncSpec>, work: (context: RecordedContext) => Promise<T>): Promise<T>;
}

/** Makes a repository with one commit and an empty root; all of it is gone when the test is over. */
export async function makeSyncScene(): Promise<SyncScene> {
  const dir = await makeTempDir('pillion-sync-');
  onTestFinished(() => removeTempDir(dir));
  const root = join(dir, 'root');
  await mkdir(root);
  const repo = await createRepository(join(dir, 'repo.git'));
  await repo.commit({ file: 'first\n' });
  const specOf = (parts: Partial<SyncSpec> = {}) => syncSpec({ repo: repo.url, root, ...parts });
  return {
    repo,
    root,
    link: join(root, 'link'),
    join: (...names) => join(dir, ...names),
    start: (parts, deps) => startSync(specOf(parts), deps),
    inRoot: (parts, work) => openRoot(specOf(parts), work),
  };
}

async function openRoot<T>(spec: SyncSpec, work: (context: RecordedContext) => Promise<T>): Promise<T> {
  const { log, lines } = createRecordedLog();
  const kinds: string[] = [];
  const emit = async ({ kind }: SyncEvent) => {
    kinds.push(kind);
  };
  const privatePath = await makeTempDir('pillion-private-');
  const shared = await createSharedRepository({
    root: spec.root,
    privatePath,
    url: spec.repo,
    filter: spec.filter,
    log,
    onCreate: () => emit({ kind: 'creating-repository', path: spec.root }),
  });
  const own = gitEnvironment({ GIT_ALLOW_PROTOCOL: 'file' }) as Record<string, string>;
  const git = createGit({ program: 'git', log, env: () => ({ ...own, ...shared.env() }) });
  try {
    const context = { spec, root: spec.root, shared, git, log, emit, kinds, lines };
    return await shared.withRoot({ isThorough: true }, (open) => work({ ...context, open }));
  } finally {
    await shared.close();
    await removeTempDir(privatePath);
  }
}

/** A syncer with a recorded log; ended with the test. */
export async function startSync(spec: SyncSpec, deps: Partial<SyncerDeps> = {}): Promise<StartedSync> {
  const { log, lines } = createRecordedLog();
  const stop = new AbortController();
  const events: SyncEvent[] = [];
  const record = (event: SyncEvent) => {
    events.push(event);
  };
  const syncer = await createSyncer(spec, {
    log,
    secrets: createSecrets(),
    clock: systemClock,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: process.env.TMPDIR },
    hookEnv: { PATH: process.env.PATH ?? '' },
    home: '/nonexistent',
    stop: stop.signal,
    ...deps,
    observers: [record, ...(deps.observers ?? [])],
  });
  const end = async () => {
    stop.abort();
    await syncer.close();
  };
  onTestFinished(end);
  let seen = 0;
  return {
    syncer,
    events,
    lines,
    stop,
    pass: () => syncer.pass(stop.signal),
    kinds() {
      const fresh = events.slice(seen).map(({ kind }) => kind);
      seen = events.length;
      return fresh;
    },
    end,
  };
}
