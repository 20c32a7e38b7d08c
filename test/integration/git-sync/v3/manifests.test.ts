/** The argument lists of the two manifests in the seed documents, over a real sshd. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import type { SshServer } from '../../../support/ssh-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import {
  expectLink,
  makeMaster,
  makeSecret,
  mustRunV3,
  sendGithubTo,
  startSsh,
  startV3,
  waitForEntries,
  waitForLink,
} from './support.ts';

const dir = useTempDir();

interface Setting {
  readonly server: SshServer;
  readonly repository: GitRepository;
  readonly first: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A repository that `git@github.com:...` leads to, and a Secret with github.com's host key. */
async function githubOverSsh(mode: number): Promise<Setting> {
  const server = await startSsh(dir.join('sshd'));
  const { repository, first } = await makeMaster(dir.join('repo.git'));
  const secret = await makeSecret(dir.join('git-secret'), server, mode);
  const hostKey = server.knownHosts.split(' ').slice(1).join(' ');
  await rm(secret.knownHosts);
  await writeFile(secret.knownHosts, `github.com ${hostKey}`, { mode });
  const env = { ...secret.env, GIT_SSH_COMMAND: sendGithubTo(server) };
  return { server, repository, first, root: dir.join('volume'), env };
}

describe('the manifest of the templater service (git-sync v3.1.6)', () => {
  const args = ({ repository, root }: Setting, wait: number) => [
    `-repo=git@github.com:${repository.path}`,
    '-branch=master',
    '-depth=1',
    '-max-sync-failures=-1',
    `-root=${root}`,
    '-dest=from-github',
    `-wait=${wait}`,
    '-ssh=true',
  ];

  it('fills the volume as an init container, then follows the branch as a sidecar', async () => {
    const setting = await githubOverSsh(0o400);
    const { repository, root, first, env } = setting;
    const init = [
      ...args(setting, 10).filter((arg) => !arg.startsWith('-max')),
      '-max-sync-failures=6',
      '-one-time=true',
    ];
    await mustRunV3(init, { env });
    await expectLink(`${root}/from-github`, `rev-${first}`, '1');
    expect(await readdir(root)).toEqual(['.git', 'from-github', `rev-${first}`]);

    const sidecar = await startV3(args(setting, 0.2), { env });
    await sidecar.waitForLog('"msg"="updated successfully"');
    const second = await repository.commit({ file: '2' });
    await waitForLink(`${root}/from-github`, `rev-${second}`);
    await expectLink(`${root}/from-github`, `rev-${second}`, '2');
    await waitForEntries(root, ['.git', 'from-github', `rev-${second}`]);
  });

  it('keeps trying while the server is away, because -max-sync-failures is -1', async () => {
    const setting = await githubOverSsh(0o400);
    await setting.server.down();
    const sidecar = await startV3(args(setting, 0.1), { env: setting.env });
    await sidecar.waitForLog(/will retry.*"failCount"=3/);
    await setting.server.up();
    await waitForLink(`${setting.root}/from-github`, `rev-${setting.first}`);
  });

  it('waits the whole minute between two polls of the server', async () => {
    const setting = await githubOverSsh(0o400);
    const sidecar = await startV3([...args(setting, 60), '-v=3'], { env: setting.env });
    await sidecar.waitForLog(/"msg"="next sync".*"wait_time"="1m0s"/);
    expect(setting.server.connections()).toBe(1);
  });
});

describe('the manifest of git-sync-demo (git-sync v3.1.1)', () => {
  it('serves html from a key that the group may read, and polls every second without being told', async () => {
    const setting = await githubOverSsh(0o440);
    const { repository, root, first, env } = setting;
    const args = [
      '-ssh',
      `-repo=git@github.com:${repository.path}`,
      `-root=${root}`,
      '-dest=html',
      '-branch=master',
      '-depth=1',
    ];
    await startV3(args, { env });
    await waitForLink(`${root}/html`, `rev-${first}`);
    const second = await repository.commit({ file: 'Hello git-sync demo v1.1' });
    await waitForLink(`${root}/html`, `rev-${second}`);
    expect(await readFile(`${root}/html/file`, 'utf8')).toBe('Hello git-sync demo v1.1');
    expect((await stat(env['GIT_SSH_KEY_FILE'] ?? '')).mode & 0o777).toBe(0o440);
  });
});
