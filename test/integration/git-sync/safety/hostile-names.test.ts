import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { expectPublished, makeVersions, mustSync, syncOnce } from './support.ts';

const temp = useTempDir();

/** Fails if anything was started: the attacks all try to make this file. */
async function expectNothingRan(): Promise<void> {
  const all = await readdir(temp.path, { recursive: true });
  expect(all.filter((name) => name.includes('pwned'))).toEqual([]);
}

describe('a ref that looks like something else', () => {
  it.each([
    '--upload-pack=touch pwned',
    '-utouch pwned;',
    '--output=pwned',
    '-c core.sshCommand=touch pwned',
    '--exec=touch pwned',
    '-',
    '--',
    '--all',
    '--multiple',
    '$(touch pwned)',
    'main; touch pwned',
    '../../../../../etc/passwd',
    'refs/heads/*',
    '^main',
  ])('%s is only a name that the remote does not have', async (ref) => {
    const repository = await makeVersions(temp.join('repo.git'));
    const options = { repo: repository.url, root: temp.join('root') };
    await mustSync(options);
    const result = await syncOnce({ ...options, flags: [`--ref=${ref}`] }, { cwd: temp.path });
    expect(result.code, result.stderr).toBe(1);
    await expectNothingRan();
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 1);
  });

  it('can be synced by its full name when the remote really has it', async () => {
    const repository = await makeVersions(temp.join('served', 'repo.git'));
    const server = await startHttpGitServer({ root: temp.join('served') });
    const hash = await repository.hash();
    await git(repository.path, 'update-ref', 'refs/heads/--upload-pack=touch', hash);
    for (const repo of [repository.url, server.repositoryUrl('repo.git')]) {
      await mustSync({ repo, root: temp.join('root'), flags: ['--ref=refs/heads/--upload-pack=touch'] });
      await expectPublished(temp.join('root', 'link'), hash, 1);
    }
    await server.stop();
  });
});

describe('a repository address that looks like something else', () => {
  it.each([
    '--upload-pack=touch pwned',
    '-oProxyCommand=touch pwned',
    'ext::sh -c touch% pwned',
    'fd::17',
    'ssh://-oProxyCommand=touch${IFS}pwned/repo',
    'ssh://host:-oProxyCommand=touch/repo',
    '-oProxyCommand=touch pwned:repo',
    'git@-oProxyCommand=touch:repo',
    'file://$(touch pwned)/repo.git',
    'http://127.0.0.1:1/`touch pwned`',
  ])('%s starts nothing, and the error says so', async (repo) => {
    const result = await syncOnce({ repo, root: temp.join('root') }, { cwd: temp.path });
    expect(result.code, result.stderr).toBe(1);
    await expectNothingRan();
  });
});
