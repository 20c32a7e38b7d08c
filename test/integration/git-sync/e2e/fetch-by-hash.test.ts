import { expect, it } from 'vitest';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { isOurs } from '../../../support/http-relayed.ts';
import { writeProgram } from '../safety/support.ts';
import { makeScene } from './scene.ts';

it('a change that a poll over HTTP saw is fetched by its hash, without asking for the refs again', async (test) => {
  const scene = await makeScene(test);
  const served = scene.join('served');
  const repo = await scene.repo.mirror(`${served}/repo.git`);
  const server = await startHttpGitServer({ root: served });
  test.onTestFinished(async () => server.stop());
  const sync = await scene.start([`--repo=${server.repositoryUrl('repo.git')}`, '--period=100ms'], {
    plainGit: true,
  });
  await sync.synced();
  await sync.passes();
  const hash = await repo.commit({ file: 'second\n' });
  await sync.synced();
  expect(await scene.read()).toBe('second');
  const lines = sync.lines().join('\n');
  expect(lines).toContain(`"msg":"fetching","ref":"${hash}"`);
  // The first sync lists refs (three requests of git); the second one fetches on the way by which the poll has asked.
  const fetching = server.requests.filter((request) => !isOurs(request));
  expect(fetching.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
  const others = server.requests.filter(isOurs).map(({ method }) => method);
  expect(others).toEqual(['GET', ...others.slice(1).map(() => 'POST')]);
});

it('where the server refuses hashes, the change is fetched by its name in the same pass', async (test) => {
  const scene = await makeScene(test);
  const git = await writeProgram(
    scene.join('bin', 'git-by-name'),
    `for last do :; done
    if [ "$1" = fetch ] && printf %s "$last" | grep -Eq '^[0-9a-f]{40}$'; then
      echo 'error: Server does not allow request for unadvertised object' "$last" >&2
      exit 128
    fi
    exec "$GIT" "$@"`,
  );
  const sync = await scene.start([`--git=${git}`, '--period=100ms']);
  await sync.synced();
  await scene.commit('second');
  await sync.synced();
  expect(await scene.read()).toBe('second');
  const lines = sync.lines().join('\n');
  expect(lines).toContain('fetching by hash failed');
  expect(lines).not.toContain('"msg":"error syncing');
});
