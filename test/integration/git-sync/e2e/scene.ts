/** What the end-to-end tests share: a repository, a root, and the built program started as git-sync over them. */
import { lstat, mkdir, readFile, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { git } from '../../../support/git.ts';
import { createRepository, type GitRepository } from '../../../support/git-repository.ts';
import {
  type PillionOptions,
  type PillionResult,
  type RunningPillion,
  runPillion,
  startPillion,
} from '../../../support/pillion.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';
import { waitFor } from '../../../support/wait-for.ts';

/** The test a scene belongs to: as parameter of the test, since tests of a file may run side by side. */
export interface OwningTest {
  onTestFinished(cleanUp: () => Promise<void>): void;
}

/** Under the root: tells the test that something was published. The test deletes it and waits for the next. */
const INTERLOCK = '_sync_lock';

/** What git-sync's own end-to-end suite gives to each run, but for the port. */
const SUITE_FLAGS = [
  '-v=6',
  '--add-user',
  '--group-write',
  `--touch-file=${INTERLOCK}`,
  '--git-config-add=protocol.file.allow:always',
  '--git-config-add=safe.directory:*',
  '--http-bind=127.0.0.1:0',
  '--http-metrics',
  '--http-pprof',
];

/** The branch that HEAD names: none of git's own defaults. */
const BRANCH = 'e2e-branch';

export interface Sync extends RunningPillion {
  /** Waits for the touch-file and deletes it. */
  synced(): Promise<void>;
  /** Waits until so many more passes are over: what would have happened by now has happened. */
  passes(count?: number): Promise<void>;
  /** Stops the process while `work` runs, as a container is paused. */
  paused(work: () => Promise<void>): Promise<void>;
  /** A request to its HTTP server. */
  get(pathname: string, init?: RequestInit): Promise<Response>;
  /** The value of a sample of /metrics, undefined while there is none. */
  metric(sample: string): Promise<number | undefined>;
  /** Both of git-sync's counters of changes. */
  counts(): Promise<{ syncs: number | undefined; fetches: number | undefined }>;
}

export interface SceneOptions extends PillionOptions {
  /** Without the suite's --git-config-add: with it only git itself knows how to reach a server. */
  readonly plainGit?: boolean;
}

export interface Scene {
  readonly repo: GitRepository;
  readonly root: string;
  /** The published link. */
  readonly link: string;
  /** A path in the test's directory, outside of repository and root; nothing is created. */
  join(...names: string[]): string;
  /** One commit that puts this text into `file`. */
  commit(text: string): Promise<string>;
  /** Moves the branch to where it was before its last commit. */
  moveBack(): Promise<void>;
  /** Runs it to its end; later flags win over the usual ones. */
  run(flags: readonly string[], options?: SceneOptions): Promise<PillionResult>;
  /** `run` with --one-time, which must end well. */
  once(flags?: readonly string[], options?: SceneOptions): Promise<PillionResult>;
  /** `run` that must end with 1 and must not have published anything. */
  mustFail(flags: readonly string[], options?: SceneOptions): Promise<PillionResult>;
  /** Starts it; it is ended with the test. */
  start(flags?: readonly string[], options?: SceneOptions): Promise<Sync>;
  /** What a published file says; or an absolute path. */
  read(file?: string): Promise<string>;
}

export async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/** How many commits git sees from a tree's HEAD. */
export async function historyOf(tree: string): Promise<number> {
  return Number(await git(tree, '-c', 'safe.directory=*', 'rev-list', '--count', 'HEAD'));
}

/** The commit that a link's target is named for. */
export async function hashOf(link: string): Promise<string> {
  return path.basename(await readlink(link));
}

function control(running: RunningPillion, root: string): Sync {
  const url = async () => {
    const line = await running.waitForLog('"msg":"serving HTTP"');
    return `http://${/"endpoint":"([^"]+)"/.exec(line)?.[1] ?? ''}`;
  };
  const get = async (pathname: string, init?: RequestInit) => fetch((await url()) + pathname, init);
  const metric = async (sample: string) => {
    const text = await (await get('/metrics')).text();
    const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };
  return {
    ...running,
    get,
    metric,
    async synced() {
      const file = path.join(root, INTERLOCK);
      await waitFor(() => isThere(file), { what: `${file}\n${running.stderr()}`, intervalMs: 5 });
      await rm(file);
    },
    async passes(count = 2) {
      const from = running.lines().length;
      const ends = () =>
        running
          .lines()
          .slice(from)
          .filter((line) => line.includes('"msg":"next sync"')).length;
      // The first one may have begun before.
      await waitFor(() => ends() > count, { what: `${count} passes` });
    },
    async paused(work) {
      running.signal('SIGSTOP');
      await work();
      running.signal('SIGCONT');
    },
    async counts() {
      const syncs = await metric('git_sync_count_total{status="success"}');
      return { syncs, fetches: await metric('git_fetch_count_total') };
    },
  };
}

/** Makes the repository, with one commit, and an empty root; all is removed when the test is over. */
export async function makeScene(test: OwningTest, firstText = 'first'): Promise<Scene> {
  const dir = await makeTempDir('pillion-e2e-');
  test.onTestFinished(async () => removeTempDir(dir));
  const root = path.join(dir, 'root');
  const link = path.join(root, 'link');
  await mkdir(root);
  const repo = await createRepository(path.join(dir, 'repo'), { branch: BRANCH });
  const commit = async (text: string) => repo.commit({ file: `${text}\n` });
  await commit(firstText);
  const all = (flags: readonly string[], { plainGit = false }: SceneOptions) => [
    ...SUITE_FLAGS.filter((flag) => !plainGit || !flag.startsWith('--git-config-add')),
    `--repo=${repo.url}`,
    `--root=${root}`,
    '--link=link',
    ...flags,
  ];
  const asImage = (options: SceneOptions): PillionOptions => ({ startedAs: 'git-sync', ...options });
  const run: Scene['run'] = async (flags, options = {}) => runPillion(all(flags, options), asImage(options));
  return {
    repo,
    root,
    link,
    run,
    commit,
    join: (...names) => path.join(dir, ...names),
    async moveBack() {
      await repo.setBranch(BRANCH, `${BRANCH}^`);
    },
    async once(flags = [], options = {}) {
      const result = await run([...flags, '--one-time'], options);
      expect(result, result.stderr).toMatchObject({ code: 0, signal: null });
      return result;
    },
    async mustFail(flags, options = {}) {
      const result = await run(flags, options);
      expect(result, result.stderr).toMatchObject({ code: 1, signal: null });
      expect(await isThere(link)).toBe(false);
      return result;
    },
    async start(flags = [], options = {}) {
      const running = await startPillion(all(flags, options), asImage(options));
      test.onTestFinished(async () => {
        await running.stop();
      });
      // The last one wins, as on the command line.
      const given = flags.filter((flag) => flag.startsWith('--root=')).at(-1);
      return control(running, given?.slice('--root='.length) ?? root);
    },
    read: async (file = 'file') => (await readFile(path.resolve(link, file), 'utf8')).trimEnd(),
  };
}
