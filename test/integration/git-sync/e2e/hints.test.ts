/** What goes wrong in the field, and that the advice leads out of it: real git, sshd, servers and proxies. */
import { chmod, mkdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { useProgramsForOthers } from '../../../support/for-others.ts';
import { git } from '../../../support/git.ts';
import { createRepository, type GitRepository, gitmodules } from '../../../support/git-repository.ts';
import { LIES } from '../../../support/http-faults.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { listenOnLoopback } from '../../../support/listen.ts';
import { type PillionResult, runPillion } from '../../../support/pillion.ts';
import { runProgram, tryProgram } from '../../../support/run-program.ts';
import { makeSshKey, startSshServer } from '../../../support/ssh-server.ts';
import { makeScene, type OwningTest } from './scene.ts';

const NOBODY = 65_534;
const programsForOthers = useProgramsForOthers();

async function serve(test: OwningTest, listener: RequestListener, onConnect?: (socket: Socket) => void) {
  const server = createServer(listener);
  server.on('connect', (_request, socket: Socket) => onConnect?.(socket));
  const { port, down } = await listenOnLoopback(server);
  test.onTestFinished(async () => down());
  return `http://127.0.0.1:${port}`;
}

async function serveGit(test: OwningTest, options: Parameters<typeof startHttpGitServer>[0]) {
  const server = await startHttpGitServer(options);
  test.onTestFinished(async () => server.stop());
  return server;
}

/** The last error in the log. */
function lastError({ stderr }: PillionResult): { code?: string; hint?: string; error?: string } {
  const line = stderr.split('\n').findLast((each) => each.includes('"error":'));
  return JSON.parse(line ?? '{}') as object;
}

describe('a repository that is none', () => {
  const PAGE = '<html>sign in</html>';

  it.for([
    ['a page', LIES.loginPage],
    ['a page of one line', { ...LIES.loginPage, body: PAGE }],
    ['a page with status 203', { ...LIES.loginPage, status: 203, body: PAGE }],
  ] as const)('but %s is told so, whatever ref is asked for', async ([, fault], test) => {
    const scene = await makeScene(test);
    const server = await serveGit(test, { root: scene.join() });
    server.fail(fault);
    for (const ref of ['HEAD', 'main']) {
      const flags = [`--repo=${server.repositoryUrl('repo')}`, `--ref=${ref}`, '--one-time'];
      const failed = lastError(await scene.mustFail(flags, { plainGit: true }));
      expect(failed).toMatchObject({ code: 'web_page', hint: expect.stringContaining('sign-in page') });
    }
  });

  it('but a redirect to a login is told so', async (test) => {
    const scene = await makeScene(test);
    const login = await serve(test, (_request, response) => response.end(PAGE));
    const server = await serveGit(test, { root: scene.join() });
    server.fail({ kind: 'answer', status: 302, headers: { location: `${login}/login` }, body: '' });
    const flags = [`--repo=${server.repositoryUrl('repo')}`, '--one-time'];
    expect(lastError(await scene.mustFail(flags, { plainGit: true })).code).toBe('web_page');
  });

  it('and redirects in a circle is told so', async (test) => {
    const scene = await makeScene(test);
    const circle = await serve(test, ({ url = '' }, response) => {
      response.writeHead(302, { location: `/again${url}` }).end();
    });
    const flags = [`--repo=${circle}/repo.git`, '--one-time'];
    expect(lastError(await scene.mustFail(flags, { plainGit: true })).code).toBe('redirect_loop');
  });

  it('or has no commit yet: the advice is not about a --ref that nobody gave', async (test) => {
    const scene = await makeScene(test);
    const empty = await createRepository(scene.join('empty'));
    const failed = lastError(await scene.mustFail([`--repo=${empty.url}`, '--one-time']));
    expect(failed).toMatchObject({
      code: 'head_not_found',
      hint: expect.stringContaining('nothing was pushed'),
    });
    const named = lastError(await scene.mustFail([`--repo=${empty.url}`, '--ref=x', '--one-time']));
    expect(named).toMatchObject({ code: 'ref_not_found', hint: expect.stringContaining('check --ref') });
  });
});

describe('an address', () => {
  it.each([
    ['http://127.0.0.1:1/repo ', 'must not begin or end with a blank'],
    [' http://127.0.0.1:1/repo', 'must not begin or end with a blank'],
    ['http://127.0.0.1:1/a repo', 'must not hold a blank: in an address it is written %20'],
  ])('with a blank (%j) is refused at the start', async (repo, why) => {
    const result = await runPillion(['git-sync', `--repo=${repo}`, '--root=/nonexistent', '--link=l']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`--repo ${why}`);
  });

  it('of a kind that does not exist is told so', async (test) => {
    const scene = await makeScene(test);
    const failed = lastError(await scene.mustFail(['--repo=htps://127.0.0.1/repo', '--one-time']));
    expect(failed).toMatchObject({ code: 'bad_address', hint: expect.stringContaining('check --repo') });
  });
});

describe('between here and the repository', () => {
  it('a proxy that asks for a password is named as what refuses', async (test) => {
    const scene = await makeScene(test);
    const headers = { 'proxy-authenticate': 'Basic realm="proxy"' };
    const proxy = await serve(
      test,
      (_request, response) => response.writeHead(407, headers).end(),
      (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
    );
    for (const scheme of ['http', 'https']) {
      const flags = [`--repo=${scheme}://repo.invalid/x`, '--one-time'];
      const failed = lastError(await scene.mustFail(flags, { env: { [`${scheme}_proxy`]: proxy } }));
      expect(failed).toMatchObject({ code: 'proxy_refused', hint: expect.stringContaining('407') });
    }
  });

  it('a server with files only is told from a broken one, and the advice works', async (test) => {
    const scene = await makeScene(test);
    await git(scene.repo.path, 'update-server-info');
    const gitDir = await git(scene.repo.path, 'rev-parse', '--absolute-git-dir');
    const url = await serve(test, (request, response) => {
      const file = path.join(gitDir, new URL(request.url ?? '', 'http://x').pathname.replace('/repo', ''));
      readFile(file).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    const failed = lastError(await scene.mustFail([`--repo=${url}/repo`, '--one-time']));
    expect(failed).toMatchObject({ code: 'dumb_http', hint: expect.stringContaining('--depth=0') });
    await scene.once([`--repo=${url}/repo`, '--depth=0']);
    expect(await scene.read()).toBe('first');
  });

  it('a redirect is told once and costs no process', async (test) => {
    const scene = await makeScene(test);
    const old = await serveGit(test, { root: scene.join() });
    const moved = await serveGit(test, { root: scene.join() });
    old.fail({ kind: 'redirect', to: moved.url });
    const flags = [`--repo=${old.repositoryUrl('repo')}`, '--period=100ms'];
    const sync = await scene.start(flags, { plainGit: true });
    await sync.synced();
    await sync.passes(3);
    const from = sync.lines().length;
    await sync.passes(5);
    const lines = sync.lines();
    expect(lines.slice(from).filter((line) => line.includes('running command'))).toEqual([]);
    expect(lines.filter((line) => line.includes('is reached by a redirect'))).toEqual([
      expect.stringContaining(`"to":"${moved.repositoryUrl('repo')}"`),
    ]);
    await scene.commit('second');
    await sync.synced();
    expect(await scene.read()).toBe('second');
  });
});

describe('a key for ssh', () => {
  it.for([
    ['without a line end', (key: string) => key.trimEnd()],
    ['with Windows line ends', (key: string) => key.replaceAll('\n', '\r\n')],
  ] as const)('%s is mended, and the file itself left alone', async ([, breakIt], test) => {
    const scene = await makeScene(test);
    const server = await startSshServer(scene.join('ssh'));
    test.onTestFinished(async () => server.stop());
    const broken = breakIt(await readFile(server.keyPath, 'utf8'));
    await writeFile(scene.join('key'), broken, { mode: 0o600 });
    const repo = `--repo=${server.repositoryUrl(scene.repo.path)}`;
    await scene.once([repo, '--ssh-known-hosts=false', `--ssh-key-file=${scene.join('key')}`]);
    expect(await scene.read()).toBe('first');
    expect(await readFile(scene.join('key'), 'utf8')).toBe(broken);
  });

  it('that ssh cannot use is named with its fault', async (test) => {
    const scene = await makeScene(test);
    const server = await startSshServer(scene.join('ssh'));
    test.onTestFinished(async () => server.stop());
    const locked = await makeSshKey(scene.join('locked'));
    await runProgram('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', locked]);
    const encoded = Buffer.from(await readFile(server.keyPath)).toString('base64');
    await writeFile(scene.join('encoded'), encoded, { mode: 0o600 });
    const repo = server.repositoryUrl(scene.repo.path);
    for (const [file, problem] of [
      [locked, 'has a passphrase'],
      [`${server.keyPath}.pub`, 'is a public key'],
      [scene.join('encoded'), 'is encoded in base64 once more'],
      [scene.join('nowhere'), 'does not exist'],
    ] as const) {
      const flags = [`--repo=${repo}`, '--ssh-known-hosts=false', `--ssh-key-file=${file}`, '--one-time'];
      const failed = lastError(await scene.mustFail(flags));
      expect(failed).toMatchObject({
        code: 'ssh_key_refused',
        error: expect.stringContaining('Permission denied'),
      });
      expect(failed.hint).toContain(`${file} ${problem}`);
    }
  });

  it('that is sound and refused leaves the advice to look at the server', async (test) => {
    const scene = await makeScene(test);
    const server = await startSshServer(scene.join('ssh'));
    test.onTestFinished(async () => server.stop());
    const stranger = await makeSshKey(scene.join('stranger'));
    const repo = `--repo=${server.repositoryUrl(scene.repo.path)}`;
    const flags = [repo, '--ssh-known-hosts=false', `--ssh-key-file=${stranger}`, '--one-time'];
    const failed = lastError(await scene.mustFail(flags));
    expect(failed).toMatchObject({
      code: 'ssh_key_refused',
      hint: expect.stringContaining('may read the repository'),
    });
  });
});

describe('a sparse-checkout file', () => {
  it('that is missing is told before anything is fetched', async (test) => {
    const scene = await makeScene(test);
    const server = await serveGit(test, { root: scene.join() });
    const missing = scene.join('no-such-file');
    const flags = [
      `--repo=${server.repositoryUrl('repo')}`,
      `--sparse-checkout-file=${missing}`,
      '--one-time',
    ];
    const failed = lastError(await scene.mustFail(flags));
    expect(failed).toMatchObject({
      code: 'sparse_file_missing',
      error: `there is no sparse-checkout file ${missing}`,
      hint: expect.stringContaining('--sparse-checkout-file'),
    });
    expect(server.requests).toEqual([]);
  });
});

/** As git is unless it is told otherwise: with protocol version 0, only what a ref names can be asked for. */
async function giveNothingByName(repository: GitRepository): Promise<void> {
  await git(repository.path, 'config', '--unset', 'uploadpack.allowAnySHA1InWant');
}

describe('submodules', () => {
  it('that .gitmodules has lost are left empty, and told', async (test) => {
    const scene = await makeScene(test);
    const sub = await createRepository(scene.join('sub'));
    await scene.repo.commit({ sub: { gitlink: await sub.commit({ file: 'x' }) } });
    const { stderr } = await scene.once();
    expect(await scene.read()).toBe('first');
    expect(stderr).toContain('"msg":"submodules are left empty: the tree has no .gitmodules');
    expect(stderr).toContain('"paths":["sub"]');
  });

  it('at a commit that an old server does not give by name lead to --depth=0, which helps', async (test) => {
    const scene = await makeScene(test);
    const sub = await createRepository(scene.join('sub'));
    await giveNothingByName(sub);
    const old = await sub.commit({ file: 'old' });
    await sub.commit({ file: 'new' });
    const server = await serveGit(test, { root: scene.join(), protocolV0Only: true });
    const url = server.repositoryUrl('sub');
    await scene.repo.commit({ '.gitmodules': gitmodules([{ path: 'sub', url }]), sub: { gitlink: old } });
    const failed = lastError(await scene.mustFail(['--one-time']));
    expect(failed).toMatchObject({
      code: 'submodule_commit_not_found',
      hint: expect.stringContaining('--depth=0'),
    });
    await scene.once(['--depth=0']);
    expect(await scene.read('sub/file')).toBe('old');
  });

  it('are followed when a branch of theirs becomes a directory of branches', async (test) => {
    const scene = await makeScene(test);
    const sub = await createRepository(scene.join('sub'));
    await giveNothingByName(sub);
    const server = await serveGit(test, { root: scene.join(), protocolV0Only: true });
    const url = server.repositoryUrl('sub');
    const move = async (text: string) => {
      const commit = await sub.commit({ file: text });
      // Not the tip of a branch, so that the branches are fetched to find it.
      await sub.commit({ file: `after ${text}` });
      await scene.repo.commit({
        '.gitmodules': gitmodules([{ path: 'sub', url }]),
        sub: { gitlink: commit },
      });
    };
    await sub.commit({ file: '0' });
    await sub.setBranch('rel');
    await move('1');
    const sync = await scene.start(['--period=100ms', '--depth=0']);
    await sync.synced();
    await git(sub.path, 'branch', '-D', 'rel');
    await git(sub.path, 'branch', 'rel/1');
    await move('2');
    await sync.synced();
    expect(await scene.read('sub/file')).toBe('2');
  });
});

describe('hooks', () => {
  it('may write to /dev/stdout and /dev/stderr by path, as under a shell', async (test) => {
    const scene = await makeScene(test);
    const script = '#!/bin/sh\necho out > /dev/stdout\necho err | tee /dev/stderr > /proc/self/fd/1\n';
    await writeFile(scene.join('hook.sh'), script, { mode: 0o755 });
    const { stderr } = await scene.once([`--exechook-command=${scene.join('hook.sh')}`]);
    const line = stderr.split('\n').find((each) => each.includes('"msg":"exechook succeeded"'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ stdout: 'out\nerr\n', stderr: 'err\n' });
  });
});

describe('hooks with --one-time', () => {
  it('that fail are named by the last error too', async (test) => {
    const scene = await makeScene(test);
    const result = await scene.run(['--one-time', '--exechook-command=false']);
    expect(result.code).toBe(1);
    expect(lastError(result)).toMatchObject({
      msg: 'exiting after one sync: a hook failed',
      error: 'failed: exechook; what is published stays',
      code: 'hooks_failed',
    });
  });
});

describe('a root', () => {
  it.runIf(process.getuid?.() === 0)(
    'that an earlier run as another user has filled leads to its owner',
    async (test) => {
      const scene = await makeScene(test);
      await chmod(scene.root, 0o777);
      await scene.once();
      await scene.commit('second');
      const served = await serveGit(test, { root: scene.join() });
      await chmod(scene.join(), 0o755);
      const { node, pillion, PATH } = await programsForOthers();
      const flags = [
        `--repo=${served.repositoryUrl('repo')}`,
        `--root=${scene.root}`,
        '--link=link',
        '--one-time',
      ];
      const { stderr } = await tryProgram(node, [pillion, 'git-sync', ...flags], {
        uid: NOBODY,
        gid: NOBODY,
        env: { PATH, HOME: '/nonexistent' },
      });
      const line = stderr.split('\n').findLast((each) => each.includes('"error":')) ?? '{}';
      expect(JSON.parse(line)).toMatchObject({
        code: 'root_of_another_user',
        hint: expect.stringContaining('runAsUser'),
      });
      expect(await scene.read()).toBe('first');
    },
  );
});

describe('something in the place of the link', () => {
  it('gives way when it is an empty directory, as a volume mount or mkdir leaves it', async (test) => {
    const scene = await makeScene(test);
    await mkdir(scene.link);
    await scene.once();
    expect(await readlink(scene.link)).toMatch(/^\.worktrees\//);
    expect(await scene.read()).toBe('first');
    await rm(scene.link);
    await mkdir(path.join(scene.link, 'theirs'), { recursive: true });
    const failed = await scene.run(['--one-time']);
    expect(failed.code).toBe(1);
    expect(lastError(failed).code).toBe('link_not_symlink');
    expect((await stat(path.join(scene.link, 'theirs'))).isDirectory()).toBe(true);
  });
});
