import { describe, expect, it } from 'vitest';
import { makeSshKey, type SshServer, sshFingerprint, startSshServer } from '../../../support/ssh-server.ts';
import { makeScene, type OwningTest, type Scene } from './scene.ts';

interface Keys {
  readonly server: SshServer;
  /** Three private keys, of which the server accepts only the third. */
  readonly files: readonly [string, string, string];
}

async function serve(test: OwningTest, scene: Scene): Promise<Keys> {
  const server = await startSshServer(scene.join('ssh'));
  test.onTestFinished(async () => server.stop());
  const [first, second] = [
    await makeSshKey(scene.join('secret.1')),
    await makeSshKey(scene.join('secret.2')),
  ];
  return { server, files: [first, second, server.keyPath] };
}

const asFlags = (files: readonly string[]) => files.map((file) => `--ssh-key-file=${file}`);

describe('SSH', () => {
  const expectSyncOverSsh = async (test: OwningTest, form: 'short' | 'url') => {
    const scene = await makeScene(test);
    const { server, files } = await serve(test, scene);
    const url = server.repositoryUrl(scene.repo.path);
    // The short form has no place for a port.
    const repo = form === 'short' ? `${server.user}@127.0.0.1:${scene.repo.path}` : url;
    const env = form === 'short' ? { GIT_SSH_COMMAND: `ssh -F none -p ${server.port}` } : {};
    const flags = [`--repo=${repo}`, '--ssh-known-hosts=false'];
    const wrong = asFlags(files.slice(1, 2));
    await scene.mustFail([...flags, ...wrong, '--one-time'], { env });
    expect(server.log()).toContain('Failed publickey');
    await scene.once([...flags, ...asFlags(files)], { env });
    expect(await scene.read()).toBe('first');
    expect(server.log()).toContain(await sshFingerprint(files[2]));
  };

  it('with a repository like user@host:/path tries several keys (auth_ssh)', async (test) => {
    await expectSyncOverSsh(test, 'short');
  });

  it('with a repository like ssh://user@host/path tries several keys (auth_ssh_url)', async (test) => {
    await expectSyncOverSsh(test, 'url');
  });

  it('takes several keys from the environment, split at colons', async (test) => {
    const scene = await makeScene(test);
    const { server, files } = await serve(test, scene);
    const flags = [`--repo=${server.repositoryUrl(scene.repo.path)}`, '--ssh-known-hosts=false'];
    await scene.once(flags, { env: { GITSYNC_SSH_KEY_FILE: files.join(':') } });
    expect(await scene.read()).toBe('first');
  });

  it('talks to known hosts only, unless told otherwise', async (test) => {
    const scene = await makeScene(test);
    const { server, files } = await serve(test, scene);
    const flags = [`--repo=${server.repositoryUrl(scene.repo.path)}`, `--ssh-key-file=${files[2]}`];
    const { stderr } = await scene.mustFail([
      ...flags,
      `--ssh-known-hosts-file=${scene.join('no-such-file')}`,
      '--one-time',
    ]);
    expect(stderr).toContain('Host key verification failed');
    await scene.once([...flags, `--ssh-known-hosts-file=${server.knownHostsPath}`]);
    expect(await scene.read()).toBe('first');
  });
});
