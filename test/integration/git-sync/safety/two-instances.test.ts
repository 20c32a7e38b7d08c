import { mkdir, readdir, readlink, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { git } from '../../../support/git.ts';
import { runPillion, startPillion } from '../../../support/pillion.ts';
import { expectNoProcess, isAlive } from '../../../support/processes.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import {
  expectClean,
  expectPublished,
  leftoversIn,
  makeVersions,
  mustSync,
  startReader,
  startSync,
  syncArguments,
  syncOnce,
} from './support.ts';
import { commitVersion } from './tree.ts';

// Many processes one after another: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 400_000 });
const temp = useTempDir();

/** Starts a sync that holds the root's lock, since its fetch hangs. */
async function startHanging(repo: string, link: string) {
  const fake = await installFake(temp.join('bin'), 'git-hang', { ONLY: 'fetch', PIDS: temp.join('pids') });
  const running = await startPillion(
    syncArguments({ repo, root: temp.join('root'), link, flags: [`--git=${fake.path}`] }),
  );
  onTestFinished(async () => {
    await running.stop();
  });
  await waitFor(async () => (await readdir(temp.path)).includes('pids'), { what: 'the fetch to hang' });
  return running;
}

/** The lock of an owner on another boot, in a new root; `heart` is the file whose time is its heartbeat. */
async function lockFromAnotherMachine(root: string): Promise<{ owner: string; heart: string }> {
  const owner = '000000000000-0123456789abcdef';
  const heart = path.join(root, `.pillion-lock-${owner}.sock`);
  await mkdir(root);
  await symlink(owner, path.join(root, '.pillion-lock'));
  await writeFile(heart, '');
  return { owner, heart };
}

describe('two syncs on one root', () => {
  it('take turns: the second waits, says so, and then does its work', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const slow = await installFake(temp.join('bin'), 'git-slow', { ONLY: 'fetch', SECONDS_TO_SLEEP: 2 });
    const root = temp.join('root');
    const first = await startSync({ repo: repository.url, root, link: 'one', flags: [`--git=${slow.path}`] });
    await waitFor(async () => (await readdir(root)).includes('.pillion-lock'), { what: 'the lock' });
    const second = await mustSync({ repo: repository.url, root, link: 'two' });
    expect(second.stderr).toContain('waiting for another git-sync that uses this root');
    await first.waitForLog('updated successfully');
    for (const link of ['one', 'two']) {
      await expectPublished(path.join(root, link), await repository.hash(), 1);
    }
  });

  it('do not break in on each other: one that waits too long says that the root is in use', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await startHanging(repository.url, 'one');
    const second = await syncOnce({
      repo: repository.url,
      root: temp.join('root'),
      link: 'two',
      flags: ['--sync-timeout=500ms'],
    });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('"code":"root_busy"');
    expect(second.stderr).toContain('give each git-sync a --root of its own');
  });

  it('do not break in on one that is stopped and cannot answer', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const first = await startHanging(repository.url, 'one');
    first.signal('SIGSTOP');
    const second = await syncOnce({
      repo: repository.url,
      root: temp.join('root'),
      link: 'two',
      flags: ['--sync-timeout=500ms'],
    });
    first.signal('SIGCONT');
    expect(second.stderr).toContain('"code":"root_busy"');
  });

  it('take over from one that was killed, and end the git that it left running', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const first = await startHanging(repository.url, 'one');
    first.signal('SIGKILL');
    await first.exit;
    const { readFile } = await import('node:fs/promises');
    const hanging = Number((await readFile(temp.join('pids'), 'utf8')).trim());
    expect(isAlive(hanging)).toBe(true);
    const second = await mustSync({ repo: repository.url, root: temp.join('root'), link: 'two' });
    expect(second.stderr).toContain('taking over from a git-sync that died');
    expect(isAlive(hanging)).toBe(false);
    await expectNoProcess(temp.join('root'));
    await expectPublished(temp.join('root', 'two'), await repository.hash(), 1);
    expect(await leftoversIn(temp.join('root'))).toEqual([]);
  });

  it('with different repositories and links never delete what the other has published', async () => {
    const repositories = [
      await makeVersions(temp.join('a.git')),
      await makeVersions(temp.join('b.git'), 101),
    ];
    const root = temp.join('root');
    const links = ['one', 'folder/two'];
    const syncBoth = () =>
      Promise.all(
        repositories.map((repository, index) =>
          mustSync({ repo: repository.url, root, link: links[index] ?? '' }),
        ),
      );
    await syncBoth();
    const readers = await Promise.all(links.map((link) => startReader(path.join(root, link))));
    for (let round = 1; round <= 5; round += 1) {
      await Promise.all(
        repositories.map((repository, index) => commitVersion(repository, index * 100 + 1 + round)),
      );
      await syncBoth();
      await Promise.all(
        repositories.map(async (repository, index) =>
          expectPublished(
            path.join(root, links[index] ?? ''),
            await repository.hash(),
            index * 100 + 1 + round,
          ),
        ),
      );
    }
    for (const reader of readers) {
      await reader.finish();
    }
    expect(await leftoversIn(root)).toEqual([]);
  });

  it('on the same commit share its tree, also when one repairs the repository', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const root = temp.join('root');
    const two = path.join(root, 'two');
    await mustSync({ repo: repository.url, root, link: 'two' });
    const reader = await startReader(two);
    await mustSync({ repo: repository.url, root, link: 'one' });
    // Its tree loses its records; whoever comes first replaces it, and moves the other's link along.
    await writeFile(path.join(root, '.git', 'HEAD'), '');
    await mustSync({ repo: repository.url, root, link: 'one' });
    await expectPublished(two, await repository.hash(), 1);
    await commitVersion(repository, 2);
    await mustSync({ repo: repository.url, root, link: 'one' });
    expect(await reader.finish()).toMatchObject({ versions: ['1'] });
    await mustSync({ repo: repository.url, root, link: 'two' });
    for (const link of ['one', 'two']) {
      await expectPublished(path.join(root, link), await repository.hash(), 2);
    }
  });

  it('in containers that mount the volume at different paths keep what the other has published', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await repository.setBranch('stays');
    const stays = await repository.hash('stays');
    const [here, there] = [temp.join('here'), temp.join('there', 'deeper', 'root')];
    await mkdir(path.dirname(there), { recursive: true });
    const syncHere = () =>
      mustSync({ repo: repository.url, root: here, link: 'one', flags: ['--ref=stays'] });
    await syncHere();
    for (let version = 2; version <= 4; version += 1) {
      await commitVersion(repository, version);
      await rename(here, there);
      await mustSync({ repo: repository.url, root: there, link: 'two' });
      await expectPublished(path.join(there, 'one'), stays, 1);
      await expectPublished(path.join(there, 'two'), await repository.hash(), version);
      await rename(there, here);
      expect((await syncHere()).stderr).not.toContain('worktree failed checks');
      await expectPublished(path.join(here, 'two'), await repository.hash(), version);
      await expectPublished(path.join(here, 'one'), stays, 1);
    }
    expect((await readdir(path.join(here, '.worktrees'))).sort()).toEqual(
      [stays, await repository.hash()].sort(),
    );
  });

  it('leave a tree alone that a link of an older git-sync in the root leads to', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hash = await repository.hash();
    const root = temp.join('root');
    await mustSync({ repo: repository.url, root });
    await symlink(path.join('.worktrees', hash), path.join(root, 'elder'));
    await commitVersion(repository, 2);
    await mustSync({ repo: repository.url, root });
    await expectClean(path.join(root, 'elder'), hash);
  });

  it('recover a lock that a machine left which is gone', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const root = temp.join('root');
    const { heart } = await lockFromAnotherMachine(root);
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(heart, longAgo, longAgo);
    await mustSync({ repo: repository.url, root });
    expect(await leftoversIn(root)).toEqual([]);
  });

  it('respect a lock of another machine whose heart beats', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const root = temp.join('root');
    const { owner } = await lockFromAnotherMachine(root);
    const result = await syncOnce({ repo: repository.url, root, flags: ['--sync-timeout=500ms'] });
    expect(result.stderr).toContain('"code":"root_busy"');
    expect(await readlink(path.join(root, '.pillion-lock'))).toBe(owner);
  });

  it('are not confused by process ids and host names that repeat: a dead socket is enough', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const root = temp.join('root');
    await mkdir(root);
    const { readFile } = await import('node:fs/promises');
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).replaceAll('-', '').slice(0, 12);
    const owner = `${boot}-0123456789abcdef`;
    // A socket whose owner has died stays in the file system, and nobody listens.
    const dead = path.join(root, `.pillion-lock-${owner}.sock`);
    const script = `require('net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 'SIGKILL'))`;
    const { tryProgram } = await import('../../../support/run-program.ts');
    await tryProgram(process.execPath, ['-e', script]);
    await symlink(owner, path.join(root, '.pillion-lock'));
    const result = await mustSync({ repo: repository.url, root });
    expect(result.stderr).toContain('taking over');
    expect(await leftoversIn(root)).toEqual([]);
  });

  it('wait for one that lives in another container with the same process id', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const root = temp.join('root');
    await mkdir(root);
    const { readFile } = await import('node:fs/promises');
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).replaceAll('-', '').slice(0, 12);
    const owner = `${boot}-0123456789abcdef`;
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(path.join(root, `.pillion-lock-${owner}.sock`), resolve);
    });
    onTestFinished(() => {
      server.close();
    });
    await symlink(owner, path.join(root, '.pillion-lock'));
    const result = await runPillion([
      ...syncArguments({ repo: repository.url, root, flags: ['--sync-timeout=500ms', '--one-time'] }),
    ]);
    expect(result.stderr).toContain('"code":"root_busy"');
  });

  it('many at once on one empty root all end well', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const root = temp.join('root');
    const links = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(links.map((link) => mustSync({ repo: repository.url, root, link })));
    for (const link of links) {
      await expectPublished(path.join(root, link), await repository.hash(), 1);
    }
    expect(await git(root, 'fsck', '--connectivity-only')).not.toContain('missing');
    expect(await leftoversIn(root)).toEqual([]);
  });
});
