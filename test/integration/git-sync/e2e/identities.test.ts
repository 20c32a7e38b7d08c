/** What clouds give to what runs in them, against servers that play their endpoints, and a git server that checks it. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { codecommitPassword } from '../../../../src/git/auth/identity/codecommit.ts';
import { createRepository, gitmodules } from '../../../support/git-repository.ts';
import { startHookServer } from '../../../support/hook-server.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { startAwsEndpoints } from '../../../support/postgres/aws-endpoints.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { NO_AWS } from '../../credentials/support/credentials.ts';
import { makeVersions, mustSync, startSync, syncOnce } from '../safety/support.ts';
import { commitVersion } from '../safety/tree.ts';

const temp = useTempDir();
const basic = (authorization = '') => Buffer.from(authorization.slice(6), 'base64').toString();

it('the workload identity of AKS opens Azure DevOps, and another token is asked for when one is refused', async () => {
  await makeVersions(temp.join('served', 'site.git'));
  const users = new Map([['-', 'entra-one']]);
  const git = await startHttpGitServer({ root: temp.join('served'), users });
  const entra = await startHookServer(
    { body: '{"access_token":"entra-one","expires_in":3599}' },
    { status: 500 },
    { body: '{"access_token":"entra-two","expires_in":3599}' },
  );
  onTestFinished(async () => {
    await git.stop();
    await entra.stop();
  });
  await writeFile(temp.join('federated'), 'assertion-of-the-pod');
  const env = {
    AZURE_FEDERATED_TOKEN_FILE: temp.join('federated'),
    AZURE_TENANT_ID: 'tenant',
    AZURE_CLIENT_ID: 'client',
    AZURE_AUTHORITY_HOST: entra.url,
  };
  const flags = ['--credential-identity=azure', '--period=50ms', '--max-failures=-1', '-v=6'];
  const sync = await startSync(
    { repo: git.repositoryUrl('site.git'), root: temp.join('root'), flags },
    { env },
  );
  const successes = () => git.requests.filter(({ status }) => status === 200).length;
  await waitFor(() => successes() > 4, { what: `polls\n${sync.stderr()}` });
  expect(entra.requests).toHaveLength(1);
  users.set('-', 'entra-two');
  const before = successes();
  await waitFor(() => successes() > before + 2, { what: `polls with the other token\n${sync.stderr()}` });
  expect(entra.requests).toHaveLength(3);
  expect(sync.stderr()).toContain('"code":"identity_failed"');
  expect(sync.stderr()).not.toMatch(/entra-(one|two)|assertion-of/);
});

it('a session of AWS signs for each repository of CodeCommit, submodules too', async () => {
  const keys = new Map();
  const aws = await startAwsEndpoints({ keys, token: (given) => given === 'pod', lifeMs: 3_600_000 });
  const site = await makeVersions(temp.join('served', 'v1', 'site'));
  const sub = await createRepository(temp.join('served', 'v1', 'sub'));
  const gitlink = await sub.commit({ file: 'sub\n' });
  await commitVersion(site, 2, {
    '.gitmodules': gitmodules([{ path: 'sub', url: '../sub' }]),
    sub: { gitlink },
  });
  const isSigned = (authorization: string | undefined, repository: string) => {
    const [user = '', password = ''] = basic(authorization).split(':');
    const [accessKeyId = '', sessionToken] = user.split('%');
    const known = keys.get(accessKeyId);
    const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(password)?.slice(1) ?? [];
    const [year = 0, month = 1, ...rest] = stamp.map(Number);
    const at = Date.UTC(year, month - 1, ...(rest as [number, number, number, number]));
    if (known === undefined || sessionToken !== known.sessionToken || Math.abs(Date.now() - at) > 900_000) {
      return false;
    }
    const login = { url: 'http://127.0.0.1', region: 'eu-west-1', keys: { accessKeyId, ...known } };
    return codecommitPassword(login, repository, at) === password;
  };
  const git = await startHttpGitServer({
    root: temp.join('served'),
    authorize: (given) => isSigned(given, '/v1/site') || isSigned(given, '/v1/sub'),
  });
  onTestFinished(async () => {
    await git.stop();
    await aws.stop();
  });
  await writeFile(temp.join('token'), 'pod\n');
  const env = { ...NO_AWS, AWS_REGION: 'eu-west-1', ...aws.podIdentity(temp.join('token')) };
  const entry = JSON.stringify({ url: git.url, identity: 'aws' });
  const sync = {
    repo: git.repositoryUrl('v1/site'),
    root: temp.join('root'),
    flags: [`--credential=${entry}`, '-v=6'],
  };
  const { stderr } = await mustSync(sync, { env, startedAs: 'git-sync' });
  expect(await readFile(path.join(sync.root, 'link', 'sub', 'file'), 'utf8')).toBe('sub\n');
  for (const repository of ['/v1/site', '/v1/sub']) {
    const proved = git.requests.filter(
      (request) => request.path.startsWith(`${repository}/`) && request.authorization !== undefined,
    );
    expect(proved.length).toBeGreaterThan(0);
    expect(proved.every(({ authorization }) => isSigned(authorization, repository))).toBe(true);
    for (const { authorization = '' } of proved) {
      const [user = '', password = ''] = basic(authorization).split(':');
      expect(stderr).not.toContain(password);
      expect(stderr).not.toContain(user.split('%')[1] ?? user);
    }
  }

  aws.fail(500);
  const failed = await syncOnce({ ...sync, root: temp.join('other') }, { env });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('"code":"identity_failed"');
});
