import { describe, expect, it } from 'vitest';
import { createRepository } from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { startPillion } from '../../../support/pillion.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';

const temp = useTempDir();

/** Starts a sidecar and tells the address of its endpoints. */
async function startSidecar(repo: string, ref: string) {
  const flags = [
    `--repo=${repo}`,
    `--ref=${ref}`,
    `--root=${temp.join('root')}`,
    '--link=link',
    '--period=100ms',
  ];
  const args = ['git-sync', ...flags, '--max-failures=-1', '--http-bind=127.0.0.1:0'];
  const sidecar = await startPillion(args);
  const line = await sidecar.waitForLog(/"serving HTTP","endpoint":"[^"]+"/);
  const endpoint = /"endpoint":"([^"]+)"/.exec(line)?.[1] ?? '';
  const status = async (path: string) => (await fetch(`http://${endpoint}${path}`)).status;
  return { sidecar, status };
}

describe('a sidecar that is started again while the server is away', () => {
  it("is ready for the data that it has, while git-sync's own endpoint waits for a sync", async () => {
    const repository = await createRepository(temp.join('repo.git'), { branch: 'main' });
    await repository.commit({ file: 'one\n' }, 'first');
    await repository.setBranch('other', await repository.hash('main'));
    const server = await startHttpGitServer({ root: temp.path });
    const url = server.repositoryUrl('repo.git');
    try {
      const before = await startSidecar(url, 'main');
      await before.sidecar.waitForLog('updated successfully');
      await before.sidecar.stop();
      await server.down();
      const again = await startSidecar(url, 'main');
      await again.sidecar.waitForLog('will retry');
      expect([await again.status('/readyz'), await again.status('/')]).toEqual([200, 503]);
      await again.sidecar.stop();
      const foreign = await startSidecar(url, 'other');
      await foreign.sidecar.waitForLog('will retry');
      expect([await foreign.status('/readyz'), await foreign.status('/')]).toEqual([503, 503]);
      await foreign.sidecar.stop();
    } finally {
      await server.stop();
    }
  });
});
