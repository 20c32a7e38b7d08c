/** A neighbour swaps the directory of packs for a link while git receives one. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readlink, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { git } from '../../../support/git.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { expectPublished, makeVersions, startSync } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
const PUBLISHED = '"msg":"updated successfully"';
const FAILED = /"code":"(?!internal_error)/;

/** A running sync of a first version, over HTTP, and a directory outside of its root. */
async function follow() {
  const repository = await makeVersions(temp.join('served', 'repo.git'));
  const server = await startHttpGitServer({ root: temp.join('served') });
  onTestFinished(async () => server.stop());
  const [root, outside] = [temp.join('root'), temp.join('outside')];
  await mkdir(outside);
  const flags = ['--period=100ms', '--max-failures=-1'];
  const running = await startSync({ repo: server.repositoryUrl('repo.git'), root, flags });
  await running.waitForLog(PUBLISHED);
  return { repository, root, outside, running, packs: path.join(root, '.git/objects/pack') };
}

const publishes = async (root: string, hash: string) =>
  path.basename(await readlink(path.join(root, 'link'))) === hash;

/** Until its end it swaps; returns how often it did. */
async function startSwaps(repository: string, outside: string): Promise<() => Promise<number>> {
  const file = fileURLToPath(new URL('programs/swap-packs.ts', import.meta.url));
  const child = spawn(process.execPath, [file, repository, outside], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const ended = once(child, 'exit');
  await waitFor(() => said.includes('swapping'), { what: 'the first swap' });
  return async () => {
    child.stdin.end();
    await ended;
    return Number(said.trim().split('\n').at(-1));
  };
}

describe('a link in the place of the packs', () => {
  it('that was put there between two passes gets nothing, and the next commit is published', async () => {
    const { repository, root, outside, running, packs } = await follow();
    await rename(packs, temp.join('taken'));
    await symlink(outside, packs);
    const hash = await commitVersion(repository, 2);
    await waitFor(() => publishes(root, hash), { what: 'the next commit', timeoutMs: 30_000 });
    await expectPublished(path.join(root, 'link'), hash, 2);
    expect(await readdir(outside)).toEqual([]);
    expect(running.stderr()).not.toContain('internal_error');
  });

  it('that comes and goes while packs are received gets nothing: commits are published, or errors are clear', async () => {
    const { repository, root, outside, running } = await follow();
    const stopSwaps = await startSwaps(path.join(root, '.git'), outside);
    for (let version = 2; version < 8; version += 1) {
      const from = running.lines().length;
      const hash = await commitVersion(repository, version, { big: randomBytes(4 * 1024 * 1024) });
      const isAnswered = async () =>
        (await publishes(root, hash)) ||
        running
          .lines()
          .slice(from)
          .some((line) => FAILED.test(line));
      await waitFor(isAnswered, { what: `an answer to version ${version}`, timeoutMs: 30_000 });
      expect(await readdir(outside)).toEqual([]);
    }
    expect(await stopSwaps()).toBeGreaterThan(50);
    const hash = await commitVersion(repository, 8);
    await waitFor(() => publishes(root, hash), { what: 'the last commit', timeoutMs: 30_000 });
    await expectPublished(path.join(root, 'link'), hash, 8);
    expect(await git(path.join(root, 'link'), '-c', 'safe.directory=*', 'log', '-1', '--format=%s')).toBe(
      'version 8',
    );
    expect(await readdir(outside)).toEqual([]);
    expect(running.stderr()).not.toContain('internal_error');
  });
});
