/** `-branch` and `-rev`: a branch that moves, a tag that moves, a commit that never does. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { git } from '../../../support/git.ts';
import type { GitRepository } from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { treeOf } from '../../../support/processes.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { expectLink, makeMaster, mustRunV3, runV3, startV3, waitForLink } from './support.ts';

const dir = useTempDir();

const argsFor = (repository: GitRepository, ...more: string[]) => [
  `-repo=${repository.url}`,
  `-root=${dir.join('root')}`,
  '-dest=link',
  ...more,
];

describe('-branch', () => {
  it('is master by default, whatever the remote calls its own default', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await repository.setBranch('trunk');
    await repository.commit({ file: 'trunk' }, 'on trunk', { branch: 'trunk' });
    await repository.setDefaultBranch('trunk');
    await mustRunV3(argsFor(repository, '-one-time'));
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
  });

  it('follows a branch forwards, and backwards after a force-push', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const second = await repository.commit({ file: '2' });
    await repository.setBranch('feature/a', second);
    await startV3(argsFor(repository, '-branch=feature/a', '-wait=0.05'));
    await waitForLink(dir.join('root/link'), `rev-${second}`);
    await repository.setBranch('feature/a', first);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    const third = await repository.commit({ file: '3' }, 'third', { branch: 'feature/a' });
    await waitForLink(dir.join('root/link'), `rev-${third}`);
  });

  it('means the branch even when a tag has the same name', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const second = await repository.commit({ file: '2' });
    await repository.setBranch('v1', second);
    await repository.setTag('v1', first);
    await mustRunV3(argsFor(repository, '-branch=v1', '-one-time'));
    await expectLink(dir.join('root/link'), `rev-${second}`, '2');
  });

  it('that does not exist fails the sync with a word of what to check', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const result = await runV3(argsFor(repository, '-branch=nope', '-one-time'));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("couldn't find remote ref refs/heads/nope");
  });
});

describe('-rev with a tag', () => {
  it('and a branch go on when a tag becomes a directory of tags, and one again', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    await repository.setTag('rel');
    await startV3(argsFor(repository, '-branch=master', '-wait=0.05', '-max-sync-failures=0'));
    await waitForLink(dir.join('root/link'), `rev-${await repository.hash()}`);
    await git(repository.path, 'tag', '--delete', 'rel');
    await repository.setTag('rel/1');
    const second = await repository.commit({ file: '2' });
    await waitForLink(dir.join('root/link'), `rev-${second}`);
    await git(repository.path, 'tag', '--delete', 'rel/1');
    await repository.setTag('rel');
    const third = await repository.commit({ file: '3' });
    await waitForLink(dir.join('root/link'), `rev-${third}`);
  });

  it.each(['setTag', 'setAnnotatedTag'] as const)(
    'publishes the commit and follows the tag when it moves (%s)',
    async (set) => {
      const { repository, first } = await makeMaster(dir.join('repo'));
      await repository[set]('v1');
      const second = await repository.commit({ file: '2' });
      await startV3(argsFor(repository, '-branch=master', '-rev=v1', '-wait=0.05'));
      await waitForLink(dir.join('root/link'), `rev-${first}`);
      await repository[set]('v1', second);
      await waitForLink(dir.join('root/link'), `rev-${second}`);
    },
  );

  it('may point outside the branch', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const other = await repository.commit({ file: 'other' }, 'other', { branch: 'other', parent: null });
    await repository.setTag('v9', other);
    await repository.deleteBranch('other');
    await mustRunV3(argsFor(repository, '-rev=v9', '-depth=1', '-one-time'));
    await expectLink(dir.join('root/link'), `rev-${other}`, 'other');
  });

  it('takes a tag for a tag, even if its name could be the start of a hash', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await repository.setTag('2024', first);
    const second = await repository.commit({ file: '2' });
    await startV3(argsFor(repository, '-rev=2024', '-wait=0.05'));
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    await repository.setTag('2024', second);
    await waitForLink(dir.join('root/link'), `rev-${second}`);
  });
});

describe('-rev with a commit', () => {
  /** A branch with a commit that is not its tip. */
  async function withOlderCommit() {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await repository.commit({ file: '2' });
    await repository.commit({ file: '3' });
    return { repository, first };
  }

  it.each([
    ['a full hash', 40, '-depth=0'],
    ['a full hash and a shallow history', 40, '-depth=1'],
    ['a short hash', 8, '-depth=0'],
    ['a short hash and a history that is too shallow for it', 8, '-depth=1'],
  ])('publishes the commit of %s', async (_what, digits, depth) => {
    const { repository, first } = await withOlderCommit();
    await mustRunV3(argsFor(repository, `-rev=${first.slice(0, digits)}`, depth, '-one-time'));
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
    expect(await git(dir.join('root/link'), 'rev-parse', 'HEAD')).toBe(first);
  });

  it('may be written in capitals', async () => {
    const { repository, first } = await withOlderCommit();
    await mustRunV3(argsFor(repository, `-rev=${first.slice(0, 10).toUpperCase()}`, '-one-time'));
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
  });

  it.each([40, 7])(
    'then sleeps for good with %i digits: nothing is asked, nothing is run',
    async (digits) => {
      const { repository, first } = await withOlderCommit();
      const server = await startHttpGitServer({ root: dir.path });
      onTestFinished(async () => server.stop());
      const args = argsFor(repository, '-wait=0.02', `-rev=${first.slice(0, digits)}`).slice(1);
      const running = await startV3([`-repo=${server.repositoryUrl('repo')}`, ...args]);
      await running.waitForLog('no further sync needed');
      await expectLink(dir.join('root/link'), `rev-${first}`, '1');
      await waitFor(() => treeOf(running.pid).length === 0, { what: 'the end of all children' });
      const asked = server.requests.length;
      await repository.commit({ file: '4' });
      // Twenty periods: had it gone on, it would have asked by now.
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(server.requests.length).toBe(asked);
      running.signal('SIGTERM');
      expect(await running.exit).toMatchObject({ signal: 'SIGTERM' });
    },
  );

  it('that nobody has fails the sync', async () => {
    const { repository } = await withOlderCommit();
    const result = await runV3(argsFor(repository, `-rev=${'d'.repeat(40)}`, '-one-time'));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('d'.repeat(40));
  });
});
