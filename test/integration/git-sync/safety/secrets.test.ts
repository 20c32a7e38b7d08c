import { readdirSync, readFileSync } from 'node:fs';
import { chmod, lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import { makeAppKey, startGitHubAppServer } from '../../../support/github-app-server.ts';
import { startHookServer } from '../../../support/hook-server.ts';
import { type HttpGitServer, startHttpGitServer } from '../../../support/http-git-server.ts';
import { failRelayed, isOurs } from '../../../support/http-relayed.ts';
import { type RunningPillion, runPillion, startPillion } from '../../../support/pillion.ts';
import { processInfo, treeOf } from '../../../support/processes.ts';
import { type Canary, expectNoLeaks, makeCanary, makePlainCanary } from '../../../support/secret-canary.ts';
import { startSshServer } from '../../../support/ssh-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeVersions, writeProgram } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

interface Scene {
  readonly repository: GitRepository;
  readonly server: HttpGitServer;
  readonly users: Map<string, string>;
}

async function makeScene(password: string): Promise<Scene> {
  const repository = await makeVersions(temp.join('served', 'repo.git'));
  const users = new Map([
    ['user', password],
    ['-', password],
  ]);
  const server = await startHttpGitServer({ root: temp.join('served'), users });
  stops.push(() => server.stop());
  return { repository, server, users };
}

/** The text of every file below a directory, links and sockets left out. */
async function filesBelow(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const texts = files.map(async (file) => [file, await readFile(file, 'latin1').catch(() => '')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

/** Command lines and environments of all children, as anybody in the container with the same user sees them. */
function childrenOf(pid: number): Record<string, string> {
  const texts: Record<string, string> = {};
  const own = processInfo(pid)?.command;
  for (const child of treeOf(pid)) {
    // Forked and not yet its program, a child still shows the memory of its parent.
    if (child.command === own) {
      continue;
    }
    for (const name of ['cmdline', 'environ']) {
      try {
        texts[`${name} of ${child.command}`] = readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
      } catch {
        // It has ended.
      }
    }
  }
  return texts;
}

/** What only this user may read, by name and mode: secrets may lie there for as long as the process lives. */
async function privateFiles(tmpDir: string): Promise<string[]> {
  const [name = ''] = await readdir(tmpDir);
  expect((await lstat(path.join(tmpDir, name))).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(path.join(tmpDir, name))) {
    const status = await lstat(path.join(tmpDir, name, file));
    expect(status.isSocket() || (status.mode & 0o077) === 0, file).toBe(true);
  }
  return readdirSync(path.join(tmpDir, name));
}

async function answersOf(running: RunningPillion): Promise<Record<string, string>> {
  const line = await running.waitForLog('serving HTTP');
  const endpoint = /"endpoint":"([^"]+)"/.exec(line)?.[1] ?? '';
  const paths = [
    '/',
    '/metrics',
    '/status',
    '/livez',
    '/readyz',
    '/debug/pprof/',
    '/debug/pprof/cmdline',
    '/x?y',
  ];
  const answers = paths.map(async (name) => {
    const answer = await fetch(`http://${endpoint}${name}`);
    return [name, `${JSON.stringify([...answer.headers])}${await answer.text()}`] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

interface Run {
  readonly canaries: readonly Canary[];
  readonly repo: string;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the next passes fail, as when a password was changed. */
  readonly breakIt: () => void;
}

/** Lets a sync succeed, hang and fail with everything turned on, and searches all that can be seen of it. */
async function searchEverything(scene: Scene, run: Run): Promise<void> {
  const root = temp.join('root');
  const hook = await writeProgram(
    temp.join('hooks', 'hook'),
    `env >"$0.env"; git ls-remote '${run.repo.replace(/\/\/[^@/]*@/, '//')}' HEAD >"$0.refs" 2>"$0.errors"; exit 1`,
  );
  const flags = [
    `--root=${root}`,
    '--link=link',
    '--period=50ms',
    '--max-failures=-1',
    `--exechook-command=${hook}`,
    '--exechook-backoff=100s',
    `--error-file=${temp.join('errors', 'error.json')}`,
    '--http-bind=127.0.0.1:0',
    '--http-metrics',
    '--http-pprof',
    '-v=9',
  ];
  const env = run.env ?? {};
  const given = env['GITSYNC_REPO'] === undefined ? [`--repo=${run.repo}`] : [];
  const args = ['git-sync', ...given, ...flags, ...run.flags];
  const running = await startPillion(args, { env });
  stops.push(() => running.stop());
  await running.waitForLog('updated successfully');
  await waitFor(async () => (await readFile(`${hook}.refs`, 'utf8')) !== '', {
    what: 'the hook to list the remote',
  });
  expect(await readFile(`${hook}.refs`, 'utf8'), 'git in a hook may use the credentials').toContain('HEAD');
  await running.waitForLog('hook failed');
  // A fetch that git makes by itself, and that hangs, shows its children.
  failRelayed(scene.server);
  scene.server.fail(
    { kind: 'stall-in-headers', afterBytes: 0 },
    { times: 1, when: (request) => !isOurs(request) },
  );
  await commitVersion(scene.repository, 2);
  let children: Record<string, string> = {};
  await waitFor(
    () => {
      children = { ...children, ...childrenOf(running.pid) };
      return Object.keys(children).join().includes('remote-http') && scene.server.heldConnections() > 0;
    },
    { what: 'a fetch to hang, with its children', intervalMs: 5 },
  );
  await privateFiles(running.tmpDir);
  run.breakIt();
  await scene.server.down();
  await running.waitForLog('error syncing repo');
  await scene.server.up();
  await running.waitForLog('error syncing repo', { from: running.lines().length });
  const answers = await answersOf(running);
  const disk = {
    ...(await filesBelow(root)),
    ...(await filesBelow(temp.join('errors'))),
    ...(await filesBelow(running.home)),
  };
  expect(disk[temp.join('errors', 'error.json')]).toContain('"Err"');
  const atHooks = await filesBelow(temp.join('hooks'));
  running.signal('SIGTERM');
  await running.exit;
  const output = { stdout: running.stdout(), stderr: running.stderr() };
  expectNoLeaks(run.canaries, { ...output, ...answers, ...children, ...disk, ...atHooks });
  expectNoLeaks(run.canaries, await filesBelow(running.tmpDir));
  expect(await readdir(running.tmpDir)).toEqual([]);
  // Usage, manual and errors of the command line, with all the same secrets around.
  for (const wrong of [['--help'], ['--man'], ['--no-such-flag=x'], ['--depth=-7'], ['--one-time=maybe']]) {
    const said = await runPillion([...args, ...wrong], { env });
    expect(said.stdout + said.stderr).not.toBe('');
    expectNoLeaks(run.canaries, {
      stdout: said.stdout,
      stderr: said.stderr,
      ...(await filesBelow(temp.join('errors'))),
    });
  }
}

describe('no secret is found in output, metrics, children, hooks or files', () => {
  it('of a password, a credential, a webhook address and an extra header', async () => {
    const canaries = [
      makeCanary('password'),
      makeCanary('credential'),
      makeCanary('webhook-password'),
      makePlainCanary('webhook-query'),
      makePlainCanary('header'),
    ];
    const [password, credential, hookPassword, hookQuery, header] = canaries.map(({ value }) => value);
    const scene = await makeScene(password ?? '');
    const target = await startHookServer({ status: 500, body: 'no' });
    stops.push(() => target.stop());
    const webhook = new URL(`${target.url}/hook?token=${hookQuery}`);
    webhook.username = 'hook';
    webhook.password = encodeURIComponent(hookPassword ?? '');
    await searchEverything(scene, {
      canaries,
      repo: scene.server.repositoryUrl('repo.git'),
      flags: [
        '--username=user',
        `--credential=${JSON.stringify({ url: 'https://other.invalid', username: 'o', password: credential })}`,
        `--webhook-url=${webhook.href}`,
        `--git-config="http.extraHeader":"X-Token: ${header}"`,
      ],
      env: { GITSYNC_PASSWORD: password ?? '' },
      breakIt: () => scene.users.set('user', 'changed'),
    });
    expect(target.requests.length).toBeGreaterThan(0);
    expect(scene.server.requests.some(({ headers }) => headers['x-token'] === header)).toBe(true);
  });

  it('of user information in the address of the repository', async () => {
    const password = makeCanary('url-password');
    const scene = await makeScene(password.value);
    await searchEverything(scene, {
      canaries: [password],
      repo: scene.server.repositoryUrl('repo.git', { name: 'user', password: password.value }),
      flags: [],
      breakIt: () => scene.users.set('user', 'changed'),
    });
  });

  it('of the same given by environment alone', async () => {
    const password = makeCanary('url-password');
    const scene = await makeScene(password.value);
    const repo = scene.server.repositoryUrl('repo.git', { name: 'user', password: password.value });
    await searchEverything(scene, {
      canaries: [password],
      repo,
      flags: [],
      env: { GITSYNC_REPO: repo },
      breakIt: () => scene.users.set('user', 'changed'),
    });
  });

  it('of a password file', async () => {
    const password = makeCanary('file-password');
    const scene = await makeScene(password.value);
    await writeFile(temp.join('password'), `${password.value}\n`, { mode: 0o600 });
    await searchEverything(scene, {
      canaries: [password],
      repo: scene.server.repositoryUrl('repo.git'),
      flags: ['--username=user', `--password-file=${temp.join('password')}`],
      breakIt: () => scene.users.set('user', 'changed'),
    });
  });

  it('of an askpass address and its answers', async () => {
    const [inUrl, answered] = [makeCanary('askpass-url'), makeCanary('askpass-answer')];
    const scene = await makeScene(answered.value);
    const askpass = await startHookServer({ body: `username=user\npassword=${answered.value}\n` });
    stops.push(() => askpass.stop());
    const url = new URL(askpass.url);
    url.username = 'asker';
    url.password = encodeURIComponent(inUrl.value);
    await searchEverything(scene, {
      canaries: [inUrl, answered],
      repo: scene.server.repositoryUrl('repo.git'),
      flags: [],
      env: { GITSYNC_ASKPASS_URL: url.href },
      breakIt: () => askpass.script({ status: 403, body: `denied ${answered.value}` }),
    });
    expect(askpass.requests[0]?.headers.authorization).toBeDefined();
  });

  it('of a GitHub App, neither its key nor its tokens', async () => {
    const key = makeAppKey();
    const token = makePlainCanary('app-token');
    const scene = await makeScene(token.value);
    const app = await startGitHubAppServer({
      publicKey: key.publicKey,
      issuer: 'client',
      installationId: '7',
      token: () => token.value,
      // It is asked for again in each pass.
      tokenLifeMs: 10_000,
    });
    stops.push(() => app.stop());
    const lines = key.privateKeyPem.split('\n').filter((line) => line.length > 40);
    await searchEverything(scene, {
      canaries: [
        token,
        { name: 'app-key', value: lines[3] ?? '' },
        { name: 'app-key-start', value: lines[0] ?? '' },
      ],
      repo: scene.server.repositoryUrl('repo.git'),
      flags: [
        '--github-app-client-id=client',
        '--github-app-installation-id=7',
        `--github-base-url=${app.url}`,
      ],
      env: { GITSYNC_GITHUB_APP_PRIVATE_KEY: key.privateKeyPem },
      breakIt: () => app.failNext(500, 1000),
    });
  });

  it('of an SSH key that others can read, which gets a private copy for as long as the process lives', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const ssh = await startSshServer(temp.join('ssh'));
    stops.push(() => ssh.stop());
    await chmod(ssh.keyPath, 0o644);
    const lines = (await readFile(ssh.keyPath, 'utf8')).split('\n').filter((line) => line.length > 40);
    const canaries = lines.slice(2).map((value, index) => ({ name: `key line ${index}`, value }));
    const running = await startPillion([
      'git-sync',
      `--repo=${ssh.repositoryUrl(repository.path)}`,
      `--root=${temp.join('root')}`,
      '--period=50ms',
      `--ssh-key-file=${ssh.keyPath}`,
      `--ssh-known-hosts-file=${ssh.knownHostsPath}`,
      '-v=9',
    ]);
    stops.push(() => running.stop());
    await running.waitForLog('updated successfully');
    expect((await privateFiles(running.tmpDir)).some((name) => name.startsWith('ssh-key-'))).toBe(true);
    const children = childrenOf(running.pid);
    running.signal('SIGTERM');
    await running.exit;
    const output = { stdout: running.stdout(), stderr: running.stderr() };
    expectNoLeaks(canaries, { ...output, ...children, ...(await filesBelow(temp.join('root'))) });
    expect(await readdir(running.tmpDir)).toEqual([]);
  });

  it('in the older dialect, whose names for things are others', async () => {
    const password = makeCanary('password');
    const scene = await makeScene(password.value);
    const hook = await writeProgram(temp.join('hooks', 'hook'), 'env >"$0.env"');
    const args = ['git-sync', '-username', 'user', '-v=9', '-one-time', '-branch=main', '-dest=link'];
    const env = {
      PILLION_GIT_SYNC_DIALECT: 'v3',
      GIT_SYNC_PASSWORD: password.value,
      GIT_SYNC_REPO: scene.server.repositoryUrl('repo.git'),
      GIT_SYNC_ROOT: temp.join('root'),
      GIT_SYNC_HOOK_COMMAND: hook,
    };
    const done = await runPillion(args, { env });
    expect(done.code, done.stderr).toBe(0);
    scene.users.set('user', 'changed');
    const refused = await runPillion(args, { env });
    expect(refused.code).toBe(1);
    const usage = await runPillion([...args, '-no-such-flag'], { env });
    const texts = { done: done.stderr, refused: refused.stderr, usage: usage.stderr + usage.stdout };
    const atHooks = await filesBelow(temp.join('hooks'));
    expect(Object.values(atHooks).join()).toContain('GITSYNC_HASH');
    expectNoLeaks([password], { ...texts, ...atHooks, ...(await filesBelow(temp.join('root'))) });
  });

  it('after a kill: what was private is removed by the next start in the same place', async () => {
    const header = makePlainCanary('header');
    const repository = await makeVersions(temp.join('repo.git'));
    const flags = ['--period=50ms', `--git-config="http.extraHeader":"X-Token: ${header.value}"`];
    const args = ['git-sync', `--repo=${repository.url}`, `--root=${temp.join('root')}`, ...flags];
    const env = { TMPDIR: temp.path };
    const first = await startPillion(args, { env });
    stops.push(() => first.stop());
    const alive = await startPillion(args.with(2, `--root=${temp.join('other')}`), { env });
    stops.push(() => alive.stop());
    await Promise.all([first.waitForLog('updated successfully'), alive.waitForLog('updated successfully')]);
    first.signal('SIGKILL');
    await first.exit;
    const isPrivate = (name: string) => name.startsWith('.pillion-git-sync-');
    expect((await readdir(temp.path)).filter(isPrivate)).toHaveLength(2);
    const next = await runPillion([...args, '--one-time'], { env });
    expect(next.code).toBe(0);
    // The one that lives keeps its own.
    expect((await readdir(temp.path)).filter(isPrivate)).toHaveLength(1);
    await commitVersion(repository, 2);
    await waitFor(() => alive.lines().filter((line) => line.includes('updated successfully')).length === 2, {
      what: 'the living one to go on',
    });
  });
});
