import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { committerLine, fastImport, git } from './git.ts';

/** What a commit puts at a path; null removes it. A gitlink is a submodule's commit. */
export type Content =
  | string
  | Uint8Array
  | null
  | { readonly executable: string }
  | { readonly symlink: string }
  | { readonly gitlink: string };

export interface CommitOptions {
  /** Default: the branch the repository was created with. */
  readonly branch?: string;
  /** Hash or ref the commit is made on. Default: the tip of the branch; null starts a new history. */
  readonly parent?: string | null;
}

/** A real bare repository. Commits are made by fast-import: one process each, hostile paths and gitlinks included. */
export interface GitRepository {
  readonly path: string;
  /** file:// URL. */
  readonly url: string;
  readonly branch: string;
  git(...args: string[]): Promise<string>;
  commit(
    files: Readonly<Record<string, Content>>,
    message?: string,
    options?: CommitOptions,
  ): Promise<string>;
  /** Full hash of anything that rev-parse understands. Default HEAD. */
  hash(revision?: string): Promise<string>;
  /** Makes or moves a lightweight tag. */
  setTag(name: string, target?: string): Promise<void>;
  /** Makes or moves an annotated tag; returns the hash of the tag object. */
  setAnnotatedTag(name: string, target?: string): Promise<string>;
  /** Makes a branch or moves it anywhere, also backwards, as a force-push does. */
  setBranch(name: string, target?: string): Promise<void>;
  deleteBranch(name: string): Promise<void>;
  /** Which branch HEAD, the remote's default, names. */
  setDefaultBranch(name: string): Promise<void>;
  /** A bare copy with all refs. */
  mirror(dir: string): Promise<GitRepository>;
}

function data(content: string | Uint8Array): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}

function quotePath(name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function change(name: string, content: Content): Uint8Array {
  const to = quotePath(name);
  if (content === null) {
    return Buffer.from(`D ${to}\n`);
  }
  const inline = (mode: string, bytes: string | Uint8Array) =>
    Buffer.concat([Buffer.from(`M ${mode} inline ${to}\n`), data(bytes)]);
  if (typeof content === 'string' || content instanceof Uint8Array) {
    return inline('100644', content);
  }
  if ('executable' in content) {
    return inline('100755', content.executable);
  }
  return 'symlink' in content
    ? inline('120000', content.symlink)
    : Buffer.from(`M 160000 ${content.gitlink} ${to}\n`);
}

function open(path: string, branch: string, commitsSoFar: number): GitRepository {
  let commits = commitsSoFar;
  const run = async (...args: string[]) => git(path, ...args);

  const parentOf = async (ref: string, parent: string | null | undefined) => {
    if (parent === null) {
      return undefined;
    }
    return run('rev-parse', '--verify', '--quiet', `${parent ?? ref}^{commit}`).catch(() => undefined);
  };

  const commit: GitRepository['commit'] = async (files, message, options = {}) => {
    const ref = `refs/heads/${options.branch ?? branch}`;
    const parent = await parentOf(ref, options.parent);
    commits += 1;
    const head = `reset ${ref}\n\ncommit ${ref}\nmark :1\n${committerLine(commits)}`;
    const stream = [
      Buffer.from(head),
      data(message ?? `change ${commits}`),
      Buffer.from(parent ? `from ${parent}\n` : ''),
      ...Object.entries(files).map(([name, content]) => change(name, content)),
      Buffer.from('\nget-mark :1\n'),
    ];
    return fastImport(path, Buffer.concat(stream));
  };

  return {
    path,
    url: pathToFileURL(path).href,
    branch,
    git: run,
    commit,
    hash: async (revision = 'HEAD') => run('rev-parse', '--verify', revision),
    async setTag(name, target = branch) {
      await run('tag', '--force', '--', name, target);
    },
    async setAnnotatedTag(name, target = branch) {
      await run('tag', '--force', '--annotate', '--message', `tag ${name}`, '--', name, target);
      return run('rev-parse', '--verify', `refs/tags/${name}`);
    },
    async setBranch(name, target = branch) {
      await run('update-ref', `refs/heads/${name}`, await run('rev-parse', '--verify', `${target}^{commit}`));
    },
    async deleteBranch(name) {
      await run('update-ref', '-d', `refs/heads/${name}`);
    },
    async setDefaultBranch(name) {
      await run('symbolic-ref', 'HEAD', `refs/heads/${name}`);
    },
    async mirror(dir) {
      await run('clone', '--quiet', '--mirror', '--', path, dir);
      await allowWhatServersAllow(dir);
      return open(dir, branch, commits);
    },
  };
}

/** Text of a `.gitmodules` file. Names and URLs go in as they are: hostile ones are what some tests are about. */
export function gitmodules(
  modules: readonly { readonly name?: string; readonly path: string; readonly url: string }[],
): string {
  return modules
    .map(({ name, path, url }) => `[submodule "${name ?? path}"]\n\tpath = ${path}\n\turl = ${url}\n`)
    .join('');
}

/** What the well-known git hosts allow: any hash, partial clones, pushes over HTTP. */
async function allowWhatServersAllow(dir: string): Promise<void> {
  await git(dir, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  await git(dir, 'config', 'uploadpack.allowFilter', 'true');
  await git(dir, 'config', 'http.receivepack', 'true');
  await git(dir, 'config', 'receive.denyDeleteCurrent', 'ignore');
}

/** Makes an empty bare repository in `dir`, without a first commit. */
export async function createRepository(
  dir: string,
  options: { readonly branch?: string; readonly objectFormat?: 'sha1' | 'sha256' } = {},
): Promise<GitRepository> {
  const branch = options.branch ?? 'main';
  await mkdir(dir, { recursive: true });
  const format = `--object-format=${options.objectFormat ?? 'sha1'}`;
  await git(dir, 'init', '--quiet', '--bare', format, `--initial-branch=${branch}`);
  await allowWhatServersAllow(dir);
  return open(dir, branch, 0);
}
