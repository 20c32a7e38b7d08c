/** Each server, and each repository on it, gets the credentials that are meant for it and no others. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createRepository, gitmodules } from '../../../support/git-repository.ts';
import { type HttpGitServer, startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeVersions, mustSync, startSync, syncOnce, writeProgram } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();

async function serve(directory: string, users: readonly string[]): Promise<HttpGitServer> {
  const server = await startHttpGitServer({
    root: temp.join(directory),
    users: new Map(users.map((user) => [user, `word-of-${user}`])),
  });
  onTestFinished(async () => server.stop());
  return server;
}

/** Whom the requests below a path said that they were, in the order of first appearance. */
function usersOf({ requests }: HttpGitServer, below: string): string[] {
  const offered = requests
    .filter((request) => request.path.startsWith(below) && request.authorization !== undefined)
    .map(({ authorization = '' }) => Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0]);
  return [...new Set(offered)].map(String);
}

it('submodules by relative and absolute addresses, nested ones too, have their own', async () => {
  const site = await makeVersions(temp.join('one', 'team', 'site.git'));
  const [near, far, nested] = await Promise.all(
    ['one/libs/near.git', 'two/far.git', 'two/deep/nested.git'].map(async (name) =>
      createRepository(temp.join(name)),
    ),
  );
  const one = await serve('one', ['main', 'near']);
  const two = await serve('two', ['far', 'nested']);
  const nestedCommit = await nested?.commit({ file: 'nested\n' });
  const farCommit = await far?.commit({
    file: 'far\n',
    '.gitmodules': gitmodules([{ path: 'deeper', url: '../deep/nested.git' }]),
    deeper: { gitlink: String(nestedCommit) },
  });
  const nearCommit = await near?.commit({ file: 'near\n' });
  await commitVersion(site, 2, {
    '.gitmodules': gitmodules([
      { path: 'near', url: '../../libs/near.git' },
      { path: 'far', url: `${two.url}/far.git` },
    ]),
    near: { gitlink: String(nearCommit) },
    far: { gitlink: String(farCommit) },
  });
  const helper = await writeProgram(
    temp.join('helper'),
    `cat > ${temp.join('question')}; printf 'username=near\\npassword=word-of-near\\n'`,
  );
  const credentials = [
    { url: `${one.url}/libs/`, command: [helper, 'get'] },
    { url: two.url, username: 'far', password: 'word-of-far' },
    { url: `${two.url}/deep/nested.git`, username: 'nested', password: 'word-of-nested' },
  ];
  const sync = {
    repo: one.repositoryUrl('team/site.git'),
    root: temp.join('root'),
    flags: ['--username=main', `--credential=${JSON.stringify(credentials)}`],
  };
  const result = await mustSync(sync, { env: { GITSYNC_PASSWORD: 'word-of-main' } });
  const read = async (name: string) => readFile(path.join(sync.root, 'link', name), 'utf8');
  expect(await read('near/file')).toBe('near\n');
  expect(await read('far/deeper/file')).toBe('nested\n');
  expect(usersOf(one, '/team/')).toEqual(['main']);
  expect(usersOf(one, '/libs/')).toEqual(['near']);
  expect(usersOf(two, '/far.git')).toEqual(['far']);
  expect(usersOf(two, '/deep/')).toEqual(['nested']);
  expect(await readFile(temp.join('question'), 'utf8')).toContain('path=libs/\n');
  expect(result.stderr).not.toContain('word-of-');
});

it('a helper of the user’s own that knows hosts only is asked as git asks it', async () => {
  await makeVersions(temp.join('one', 'team', 'site.git'));
  const one = await serve('one', ['main']);
  const store = temp.join('store');
  await writeFile(store, `${one.url.replace('://', '://main:word-of-main@')}\n`);
  const flags = [
    `--git-config=credential.helper:store --file ${store}`,
    '--credential={"url":"https://elsewhere.example","username":"u","password":"p"}',
  ];
  await mustSync({ repo: one.repositoryUrl('team/site.git'), root: temp.join('root'), flags });
  expect(usersOf(one, '/')).toEqual(['main']);
});

it('a host that is nobody’s gets none, and neither does a server that redirects there', async () => {
  const site = await makeVersions(temp.join('one', 'site.git'));
  const other = await createRepository(temp.join('two', 'other.git'));
  const gitlink = await other.commit({ file: 'x\n' });
  const one = await serve('one', ['main']);
  const two = await serve('two', ['main']);
  await commitVersion(site, 2, {
    '.gitmodules': gitmodules([{ path: 'sub', url: `${two.url}/other.git` }]),
    sub: { gitlink },
  });
  const flags = ['--username=main'];
  const sync = { repo: one.repositoryUrl('site.git'), root: temp.join('root'), flags };
  const result = await syncOnce(sync, { env: { GITSYNC_PASSWORD: 'word-of-main' } });
  expect(result.code).toBe(1);
  expect(two.requests).not.toEqual([]);
  expect(usersOf(two, '/')).toEqual([]);
});

it('a program’s token is kept until the server refuses it, and then asked for at once', async () => {
  await makeVersions(temp.join('one', 'site.git'));
  const users = new Map([['robot', 'first-token']]);
  const server = await startHttpGitServer({ root: temp.join('one'), users });
  onTestFinished(async () => server.stop());
  const [answer, calls] = [temp.join('answer'), temp.join('calls')];
  const give = async (token: string) =>
    writeFile(answer, JSON.stringify({ username: 'robot', token, expiresIn: 3600 }));
  await give('first-token');
  await writeFile(calls, '');
  const helper = await writeProgram(temp.join('helper'), `echo call >> ${calls}; cat ${answer}`);
  const flags = [
    '--period=50ms',
    '--max-failures=-1',
    '--http-bind=127.0.0.1:0',
    '--http-metrics',
    '-v=3',
    `--credential-command=["${helper}", "get"]`,
  ];
  const sync = await startSync({ repo: server.repositoryUrl('site.git'), root: temp.join('root'), flags });
  const polls = async (count: number) => {
    const from = server.requests.filter(({ status }) => status === 200).length;
    const isThere = () => server.requests.filter(({ status }) => status === 200).length > from + count;
    await waitFor(isThere, { what: `${count} polls\n${sync.stderr()}` });
  };
  await polls(5);
  expect(await readFile(calls, 'utf8')).toBe('call\n');
  await give('second-token');
  users.set('robot', 'second-token');
  await sync.waitForLog('"code":"auth_failed"');
  await polls(5);
  expect((await readFile(calls, 'utf8')).length).toBeLessThan(5 * 4);
  expect(sync.stderr()).not.toMatch(/first-token|second-token/);
  const endpoint = /"endpoint":"([^"]+)"/.exec(sync.stderr())?.[1] ?? '';
  const metrics = await (await fetch(`http://${endpoint}/metrics`)).text();
  expect(metrics).toMatch(/^git_sync_credential_requests_total\{source="command",status="success"\} [23]$/m);
});
