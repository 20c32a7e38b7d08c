/** `--config` over ssh: each repository has a key and a connection of its own. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createRepository } from '../../../support/git-repository.ts';
import { startPillion } from '../../../support/pillion.ts';
import { sshFingerprint, startSshServer } from '../../../support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';
import { waitFor } from '../../../support/wait-for.ts';

it('repositories over ssh use the key of each, and a kept connection of each', async (test) => {
  const dir = await makeTempDir('p-');
  test.onTestFinished(() => removeTempDir(dir));
  const server = await startSshServer(path.join(dir, 'ssh'));
  test.onTestFinished(() => server.stop());
  const names = ['one', 'two'];
  const made = await Promise.all(
    names.map(async (name) => {
      const repository = await createRepository(path.join(dir, 'remotes', name), { branch: 'main' });
      await repository.commit({ file: `${name} 1` });
      return { name, repository, key: await server.addKey(`key-${name}`) };
    }),
  );
  const entries = made.map(
    ({ name, repository, key }) =>
      `  - { name: ${name}, repo: '${server.repositoryUrl(repository.path)}', ssh-key-file: ['${key}'] }\n`,
  );
  const top = `period: 100ms\nlink: link\nssh-known-hosts-file: ${server.knownHostsPath}\n`;
  const file = path.join(dir, 'config.yaml');
  await writeFile(file, `${top}repositories:\n${entries.join('')}`);
  const root = path.join(dir, 'git');
  // The path of the connection's socket has to be short.
  const options = { startedAs: 'git-sync', env: { TMPDIR: dir } } as const;
  const running = await startPillion([`--config=${file}`, `--root=${root}`], options);
  test.onTestFinished(async () => {
    await running.stop();
  });
  const published = async (version: number) => {
    for (const { name } of made) {
      const link = path.join(root, name, 'link', 'file');
      const isThere = async () => (await readFile(link, 'utf8').catch(() => '')) === `${name} ${version}`;
      await waitFor(isThere, { what: `version ${version} of ${name}` });
    }
  };
  await published(1);
  await waitFor(
    async () => {
      const [connections, sessions] = [server.connections(), server.sessions()];
      await waitFor(() => server.sessions() > sessions + 6, { what: 'polls' });
      return server.connections() === connections;
    },
    { what: 'polls over two connections' },
  );
  const before = server.connections();
  for (const { name, repository } of made) {
    await repository.commit({ file: `${name} 2` });
  }
  await published(2);
  expect(server.connections()).toBe(before);
  for (const { key } of made) {
    expect(server.log()).toContain(await sshFingerprint(key));
  }
});
