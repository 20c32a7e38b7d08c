/** What the v3 tests share: how a v3 sidecar is started, what its Secret looks like, what it must leave on disk. */
import { chmod, cp, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { createRepository, type GitRepository } from '../../../support/git-repository.ts';
import {
  type PillionOptions,
  type PillionResult,
  type RunningPillion,
  runPillion,
  startPillion,
} from '../../../support/pillion.ts';
import { type SshServer, startSshServer } from '../../../support/ssh-server.ts';
import { waitFor } from '../../../support/wait-for.ts';

/** Runs a v3 command line to its end. */
export async function runV3(args: readonly string[], options: PillionOptions = {}): Promise<PillionResult> {
  return runPillion(['git-sync', ...args], options);
}

/** A run that must end well. */
export async function mustRunV3(
  args: readonly string[],
  options: PillionOptions = {},
): Promise<PillionResult> {
  const result = await runV3(args, options);
  expect(result, result.stderr).toMatchObject({ code: 0, signal: null });
  return result;
}

/** A sidecar that runs until the test ends. */
export async function startV3(
  args: readonly string[],
  options: PillionOptions = {},
): Promise<RunningPillion> {
  const running = await startPillion(['git-sync', ...args], options);
  onTestFinished(async () => {
    await running.stop();
  });
  return running;
}

/** A repository on v3's default branch with one commit: `file` holds `1`. */
export async function makeMaster(dir: string): Promise<{ repository: GitRepository; first: string }> {
  const repository = await createRepository(dir, { branch: 'master' });
  const first = await repository.commit({ file: '1' });
  return { repository, first };
}

/** The link stands as v3 makes it, relative, and leads to the content. */
export async function expectLink(link: string, target: string, content?: string): Promise<void> {
  expect(await readlink(link)).toBe(target);
  if (content !== undefined) {
    expect(await readFile(path.join(link, 'file'), 'utf8')).toBe(content);
  }
}

/** Waits until the link leads to a tree of this name. */
export async function waitForLink(link: string, target: string): Promise<void> {
  await waitFor(async () => (await readlink(link)) === target, { what: `${link} to lead to ${target}` });
}

/** Waits until a directory holds exactly this: what is no longer needed goes after the link was switched. */
export async function waitForEntries(dir: string, entries: readonly string[]): Promise<void> {
  const wanted = [...entries].sort().join(' ');
  await waitFor(async () => (await visibleIn(dir)).join(' ') === wanted, {
    what: `only ${wanted} in ${dir}`,
  });
}

/** What lies in a root, but for the lock of a sync that is running. */
export async function visibleIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => !name.startsWith('.pillion-lock')).sort();
}

export async function startSsh(dir: string): Promise<SshServer> {
  const server = await startSshServer(dir);
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

export interface Secret {
  readonly key: string;
  readonly knownHosts: string;
  /** The v3 names of the variables that say where the Secret is. */
  readonly env: Readonly<Record<string, string>>;
}

/** The directory that a Secret volume with a key and host keys makes: `/etc/git-secret` in the manifests. */
export async function makeSecret(dir: string, server: SshServer, mode = 0o400): Promise<Secret> {
  await mkdir(dir, { recursive: true });
  const key = path.join(dir, 'ssh');
  const knownHosts = path.join(dir, 'known_hosts');
  await cp(server.keyPath, key);
  await chmod(key, mode);
  await writeFile(knownHosts, server.knownHosts, { mode });
  return { key, knownHosts, env: { GIT_SSH_KEY_FILE: key, GIT_SSH_KNOWN_HOSTS_FILE: knownHosts } };
}

/**
 * Leads `git@github.com` to the test's server, so that a manifest's arguments can stay as they are: the port, the
 * server's user and the address are all that differ.
 */
export function sendGithubTo(server: SshServer): string {
  return `ssh -p ${server.port} -l ${server.user} -o HostName=127.0.0.1 -o HostKeyAlias=github.com`;
}
