import { expect, it, onTestFinished } from 'vitest';
import { gitEnvironment } from '../support/git.ts';
import { createRepository } from '../support/git-repository.ts';
import { expectNoProcess } from '../support/processes.ts';
import { tryProgram } from '../support/run-program.ts';
import { makeSshKey, type SshServer, sshFingerprint, startSshServer } from '../support/ssh-server.ts';
import { useTempDir } from '../support/use-temp-dir.ts';

const temp = useTempDir();

async function lsRemote(server: SshServer, key: string, url: string) {
  const options = `-o StrictHostKeyChecking=yes -o UserKnownHostsFile=${server.knownHostsPath} -o IdentitiesOnly=yes`;
  const env = gitEnvironment({ GIT_SSH_COMMAND: `ssh -F none ${options} -i ${key}` });
  return tryProgram('git', ['ls-remote', url], { env });
}

it('gives out repositories over a real sshd to the keys it knows, and leaves nothing running', async () => {
  const server = await startSshServer(temp.join('sshd'));
  onTestFinished(async () => server.stop());
  const repository = await createRepository(temp.join('a.git'));
  const hash = await repository.commit({ a: 'a' });
  const url = server.repositoryUrl(repository.path);

  expect(await lsRemote(server, server.keyPath, url)).toMatchObject({
    code: 0,
    stdout: `${hash}\tHEAD\n${hash}\trefs/heads/main\n`,
  });
  const second = await server.addKey('second');
  expect((await lsRemote(server, second, url)).code).toBe(0);
  expect(server.log()).toContain(await sshFingerprint(second));
  const stranger = await makeSshKey(temp.join('stranger'));
  expect((await lsRemote(server, stranger, url)).stderr).toMatch(/permission denied/i);
  expect(server.connections()).toBe(3);

  await server.stop();
  await expectNoProcess(temp.path);
});
