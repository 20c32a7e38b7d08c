/** What the author of a `.gitmodules` can reach with the password of the repository that is followed. */
import { expect, it, onTestFinished } from 'vitest';
import { createRepository, gitmodules } from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { makeVersions, mustSync, syncOnce } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();

/** A repository that names another private one of the same server, and the requests that came for that one. */
async function scene() {
  const repository = await makeVersions(temp.join('served', 'team', 'site.git'));
  const secret = await createRepository(temp.join('served', 'team', 'secret.git'));
  const gitlink = await secret.commit({ secret: 'not for the author\n' });
  const server = await startHttpGitServer({
    root: temp.join('served'),
    users: new Map([['user', 'word']]),
  });
  onTestFinished(async () => server.stop());
  const modules = gitmodules([{ path: 'sub', url: '../secret.git' }]);
  await commitVersion(repository, 2, { '.gitmodules': modules, sub: { gitlink } });
  const offered = () =>
    server.requests.filter(
      ({ path, authorization }) => path.includes('secret') && authorization !== undefined,
    );
  const sync = {
    repo: server.repositoryUrl('team/site.git'),
    root: temp.join('root'),
    flags: ['--username=user'],
  };
  return { repository, gitlink, server, sync, offered };
}

const env = { GITSYNC_PASSWORD: 'word' };
const SCOPED = '--credential-scope=repository';

it('reaches other repositories of the host by default, as with git', async () => {
  const { sync, offered } = await scene();
  await mustSync(sync, { env });
  expect(offered()).not.toEqual([]);
});

it('reaches none with the scope of the repository; a credential of its own lets in what is wanted', async () => {
  const { repository, gitlink, server, sync, offered } = await scene();
  const result = await syncOnce({ ...sync, flags: [...sync.flags, SCOPED] }, { env });
  expect(result.code, result.stderr).toBe(1);
  expect(result.stderr).toContain('"code":"auth_failed"');
  expect(offered()).toEqual([]);

  // The password still does for the repository itself, also in the cheap check.
  await commitVersion(repository, 3, { '.gitmodules': null, sub: null });
  await mustSync({ ...sync, flags: [...sync.flags, SCOPED] }, { env });

  await commitVersion(repository, 4, {
    '.gitmodules': gitmodules([{ path: 'sub', url: '../secret.git' }]),
    sub: { gitlink },
  });
  const team = { url: `${server.url}/team/`, username: 'user', password: 'word' };
  const flags = [...sync.flags, SCOPED, `--credential=${JSON.stringify(team)}`];
  await mustSync({ ...sync, flags }, { env });
  expect(offered()).not.toEqual([]);
});
