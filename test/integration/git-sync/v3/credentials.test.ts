/** Passwords of v3 over HTTP: by flag, variable, file, URL, cookie file and askpass URL. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bareLineFeedAskpass, startHookServer, startRawServer } from '../../../support/hook-server.ts';
import { type HttpGitServer, startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { canUseContainer, inContainer } from './container.ts';
import { expectLink, makeMaster, mustRunV3, runV3, startV3, waitForLink } from './support.ts';

const dir = useTempDir();
const hasContainer = await canUseContainer();

const PASSWORD = "p:a@ss'w%rd";

async function startPrivate(users = new Map([['me', PASSWORD]])) {
  const { repository, first } = await makeMaster(dir.join('served/repo.git'));
  const server = await startHttpGitServer({ root: dir.join('served'), users });
  onTestFinished(async () => server.stop());
  const args = [`-repo=${server.repositoryUrl('repo.git')}`, `-root=${dir.join('root')}`, '-dest=link'];
  return { server, repository, first, args, users };
}

const refusals = (server: HttpGitServer) => server.requests.filter(({ status }) => status === 401).length;

describe('-username and its password', () => {
  it.each([
    ['a flag', [`-password=${PASSWORD}`], {}],
    ['a variable', [], { GIT_SYNC_PASSWORD: PASSWORD }],
  ])('may come by %s, and are shown nowhere', async (_by, flags, env) => {
    const { first, args } = await startPrivate();
    const result = await mustRunV3([...args, '-username=me', ...flags, '-v=9', '-one-time'], { env });
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
    expect(result.stderr).not.toContain(PASSWORD);
    expect(result.stderr).not.toContain(encodeURIComponent(PASSWORD));
    expect(result.leftInTmpDir).toEqual([]);
  });

  it('may both be variables, next to a repository that is one too', async () => {
    const { first, server } = await startPrivate();
    const env = {
      PILLION_GIT_SYNC_DIALECT: 'v3',
      GIT_SYNC_REPO: server.repositoryUrl('repo.git'),
      GIT_SYNC_ROOT: dir.join('root'),
      GIT_SYNC_DEST: 'link',
      GIT_SYNC_USERNAME: 'me',
      GIT_SYNC_PASSWORD: PASSWORD,
      GIT_SYNC_ONE_TIME: 'true',
    };
    await mustRunV3([], { env });
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
  });

  it('that are wrong end the process, with a word of what to check', async () => {
    const { args } = await startPrivate();
    const result = await runV3([...args, '-username=me', '-password=guess', '-one-time']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('"code"="auth_failed"');
    expect(result.stderr).not.toContain('guess');
  });

  it('may stand in the URL, and are then found neither on disk nor in the log', async () => {
    const { server, first } = await startPrivate();
    const repo = server.repositoryUrl('repo.git', { name: 'me', password: PASSWORD });
    const result = await mustRunV3([`-repo=${repo}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time']);
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
    expect(await readFile(dir.join('root/.git/config'), 'utf8')).not.toContain('me');
    expect(result.stderr).not.toContain(encodeURIComponent(PASSWORD));
  });

  it('are sent without being asked for once it polls', async () => {
    const { server, first, args } = await startPrivate();
    const running = await startV3([...args, '-username=me', `-password=${PASSWORD}`, '-wait=0.05', '-v=1']);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    await running.waitForLog('no update required');
    const before = refusals(server);
    const from = running.lines().length;
    await running.waitForLog('no update required', { from: from + 10 });
    expect(refusals(server)).toBe(before);
  });
});

describe('-password-file', () => {
  it('may end with a newline, and is read again at each sync', async () => {
    const { repository, first, args, users } = await startPrivate();
    const file = dir.join('password');
    await writeFile(file, `${PASSWORD}\n`);
    const running = await startV3([
      ...args,
      '-username=me',
      `-password-file=${file}`,
      '-wait=0.05',
      '-max-sync-failures=-1',
    ]);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    users.set('me', 'rotated');
    await running.waitForLog('will retry');
    await writeFile(file, 'rotated');
    const second = await repository.commit({ file: '2' });
    await waitForLink(dir.join('root/link'), `rev-${second}`);
  });

  it('that is missing fails the sync and names the file', async () => {
    const { args } = await startPrivate();
    const result = await runV3([
      ...args,
      '-username=me',
      `-password-file=${dir.join('nowhere')}`,
      '-one-time',
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(dir.join('nowhere'));
  });
});

describe('-askpass-url', () => {
  it.each(['-askpass-url', 'GIT_ASKPASS_URL'])(
    'is asked at each sync, also when it answers with bare line feeds (%s)',
    async (name) => {
      const { first, args } = await startPrivate();
      const askpass = await startRawServer(bareLineFeedAskpass('me', PASSWORD));
      onTestFinished(async () => askpass.stop());
      const isFlag = name.startsWith('-');
      const url = `${askpass.url}/token`;
      await mustRunV3([...args, ...(isFlag ? [`${name}=${url}`] : []), '-one-time'], {
        env: isFlag ? {} : { [name]: url },
      });
      await expectLink(dir.join('root/link'), `rev-${first}`, '1');
      expect(askpass.requests[0]).toContain('GET /token HTTP/1.1');
    },
  );

  it('that fails is a failure of the sync, and counted as a call', async () => {
    const { first, args } = await startPrivate();
    const askpass = await startHookServer(
      { status: 503 },
      { status: 200, body: `username=me\npassword=${PASSWORD}\n` },
    );
    onTestFinished(async () => askpass.stop());
    const running = await startV3([
      ...args,
      `-askpass-url=${askpass.url}`,
      '-max-sync-failures=1',
      '-wait=0.05',
      '-http-bind=127.0.0.1:0',
    ]);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    const line = await running.waitForLog('serving HTTP');
    const endpoint = /"endpoint"="([^"]+)"/.exec(line)?.[1] ?? '';
    const metrics = await (await fetch(`http://${endpoint}/metrics`)).text();
    expect(metrics).toContain('git_sync_askpass_calls{status="error"} 1');
    expect(metrics).toContain('git_sync_askpass_calls{status="success"} ');
  });
});

describe('-cookie-file', () => {
  it('ends the start when the Secret is not there', async () => {
    const { args } = await startPrivate();
    const result = await runV3([...args, '-cookie-file', '-one-time']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('/etc/git-secret/cookie_file');
  });

  it.skipIf(!hasContainer)('sends the cookies of /etc/git-secret/cookie_file', async () => {
    const { first } = await makeMaster(dir.join('served/repo.git'));
    const server = await startHttpGitServer({ root: dir.join('served') });
    onTestFinished(async () => server.stop());
    await mkdir(dir.join('secret'));
    const cookie = ['127.0.0.1', 'FALSE', '/', 'FALSE', '0', 'session', 'canary'].join('\t');
    await writeFile(dir.join('secret/cookie_file'), `${cookie}\n`);
    const args = [`-repo=${server.repositoryUrl('repo.git')}`, `-root=${dir.join('root')}`, '-dest=link'];
    const result = await inContainer([...args, '-cookie-file', '-one-time', '-v=6'], {
      scratch: dir.join('container'),
      secret: dir.join('secret'),
    });
    expect(result.code, result.stderr).toBe(0);
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
    expect(server.requests.map(({ headers }) => headers.cookie)).toContain('session=canary');
    expect(result.stderr).not.toContain('canary');
  });
});
