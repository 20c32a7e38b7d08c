import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitEngine, type GitEngineSettings } from '../../../src/backup/engines/git/engine.ts';
import type { Engine } from '../../../src/backup/model.ts';
import {
  backUp,
  differences,
  newest,
  restore,
  testContext,
  work,
} from '../../../src/backup/testing/engine-checks.ts';
import { LIES } from '../../support/http-faults.ts';
import { type HttpGitServer, startHttpGitServer } from '../../support/http-git-server.ts';
import { makeSshKey, type SshServer, startSshServer } from '../../support/ssh-server.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

// A branch on real servers: what it takes to reach it, and that a server which cannot be asked is never taken for empty.
const temp = useTempDir();
const PASSWORD = 'p4ss-word-of-git';
let http: HttpGitServer;
let ssh: SshServer;

beforeEach(async () => {
  await mkdir(temp.join('repositories'));
  for (const name of ['data', 'other']) {
    const path = temp.join('repositories', `${name}.git`);
    spawnSync('git', ['init', '-q', '--bare', path]);
    spawnSync('git', ['-C', path, 'config', 'http.receivepack', 'true']);
  }
  http = await startHttpGitServer({ root: temp.join('repositories'), users: new Map([['me', PASSWORD]]) });
  ssh = await startSshServer(temp.join('sshd'));
});
afterEach(async () => {
  await http.stop();
  await ssh.stop();
});

function engineFor(parts: Partial<GitEngineSettings> & { readonly url: string }): Engine {
  const settings = {
    branch: 'data',
    shown: 'the repository',
    sshKeyFiles: [],
    sshKnownHostsFile: '',
    callTimeoutMs: 20_000,
    ...parts,
  };
  return createGitEngine(settings, testContext(temp.path));
}
const overHttp = (parts: Partial<GitEngineSettings> = {}) =>
  engineFor({ url: http.repositoryUrl('data.git', { name: 'me', password: PASSWORD }), ...parts });
const overSsh = (parts: Partial<GitEngineSettings> = {}) =>
  engineFor({
    url: ssh.repositoryUrl(temp.join('repositories/data.git')),
    sshKeyFiles: [ssh.keyPath],
    sshKnownHostsFile: ssh.knownHostsPath,
    ...parts,
  });

async function makeVolume(): Promise<string> {
  const volume = temp.join('volume');
  await mkdir(`${volume}/d`, { recursive: true });
  await writeFile(`${volume}/a`, 'content of a');
  await writeFile(`${volume}/d/b`, randomBytes(300_000));
  return volume;
}

describe.each([
  ['HTTP', overHttp],
  ['SSH', overSsh],
])('a branch over %s', (_, make) => {
  it('takes a backup and gives it back, also from a server that leaves content out until it is asked for', async () => {
    const volume = await makeVolume();
    spawnSync('git', ['-C', temp.join('repositories/data.git'), 'config', 'uploadpack.allowFilter', 'true']);
    const first = await backUp(make(), volume, temp.path);
    await writeFile(`${volume}/a`, 'changed');
    const { snapshot, digest, files } = await backUp(make(), volume, temp.path);
    expect(await make().readBack(snapshot, work)).toEqual({ files, manifestDigest: digest });
    expect(await differences(await restore(make(), await newest(make()), temp.join('restored')))).toEqual([]);
    const older = await restore(make(), first.snapshot, temp.join('older'));
    expect(await readFile(`${older.root}/a`, 'utf8')).toBe('content of a');
    expect(await make().verify(1, work)).toEqual([]);
  });

  it('has SHA-256 names where the server has them, though an empty one does not say so', async () => {
    const volume = await makeVolume();
    const path = temp.join('repositories/data.git');
    await rm(path, { recursive: true });
    spawnSync('git', ['init', '-q', '--bare', '--object-format=sha256', path]);
    spawnSync('git', ['-C', path, 'config', 'http.receivepack', 'true']);
    const first = await backUp(make(), volume, temp.path);
    expect(first.snapshot.id).toHaveLength(64);
    await writeFile(`${volume}/a`, 'changed');
    const { snapshot, digest, files } = await backUp(make(), volume, temp.path);
    expect(await make().readBack(snapshot, work)).toEqual({ files, manifestDigest: digest });
    expect(await differences(await restore(make(), await newest(make()), temp.join('restored')))).toEqual([]);
    expect(await make().verify(1, work)).toEqual([]);
  });
});

it('the password of an address goes to its server, and into no argument, file or message', async () => {
  const volume = await makeVolume();
  const context = testContext(temp.join('quiet'));
  const seen: string[] = [];
  const settings = {
    url: http.repositoryUrl('data.git', { name: 'me', password: PASSWORD }),
    branch: 'data',
    shown: 'x',
    sshKeyFiles: [],
    sshKnownHostsFile: '',
    callTimeoutMs: 20_000,
    program: temp.join('git-that-tells'),
  };
  const script = `#!/bin/sh\necho "$*" >> ${temp.join('arguments')}\ntr '\\0' '\\n' < /proc/$$/environ >> ${temp.join('arguments')}\nexec git "$@"\n`;
  await writeFile(temp.join('git-that-tells'), script, { mode: 0o755 });
  const secret = (_: string, value: string) => void seen.push(value);
  const engine = createGitEngine(settings, { ...context, secret });
  await backUp(engine, volume, temp.path);
  expect(await readFile(temp.join('arguments'), 'utf8')).toContain('push');
  expect(await readFile(temp.join('arguments'), 'utf8')).not.toContain(PASSWORD);
  expect(seen).toContain(PASSWORD);
  expect(spawnSync('grep', ['-r', PASSWORD, context.workDir]).status).toBe(1);
});

it('judges refusals by the clock that it is given', async () => {
  let asked = 0;
  const now = () => {
    asked += 1;
    return 5;
  };
  const settings = {
    url: http.repositoryUrl('data.git', { name: 'me', password: 'wrong' }),
    branch: 'data',
    shown: 'x',
    sshKeyFiles: [],
    sshKnownHostsFile: '',
    callTimeoutMs: 20_000,
  };
  const engine = createGitEngine(settings, { ...testContext(temp.path), now });
  expect(await engine.state(work.signal)).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'denied' } });
  expect(asked).toBeGreaterThan(0);
});

const WAYS: Readonly<Record<string, readonly [() => Engine | Promise<Engine>, string]>> = {
  'a name that nobody knows': [() => overHttp({ url: 'http://nobody.invalid/data.git' }), 'unreachable'],
  'a port where nobody listens': [() => overHttp({ url: 'http://127.0.0.1:1/data.git' }), 'unreachable'],
  'a wrong password': [
    () => overHttp({ url: http.repositoryUrl('data.git', { name: 'me', password: 'wrong' }) }),
    'denied',
  ],
  'no password': [() => overHttp({ url: http.repositoryUrl('data.git') }), 'denied'],
  'a repository that is not there': [
    () => overHttp({ url: http.repositoryUrl('nothing.git', { name: 'me', password: PASSWORD }) }),
    'absent',
  ],
  'a 403': [() => (http.fail({ kind: 'status', status: 403 }), overHttp()), 'denied'],
  'a 500': [() => (http.fail({ kind: 'status', status: 500 }), overHttp()), 'unreachable'],
  'a page to sign in': [() => (http.fail(LIES.loginPage), overHttp()), 'unreachable'],
  'a server that never answers': [
    () => (http.fail({ kind: 'stall-in-headers', afterBytes: 0 }), overHttp({ callTimeoutMs: 1500 })),
    'unreachable',
  ],
  'an answer that is cut off': [
    () => (http.fail({ kind: 'cut', afterBytes: 30 }), overHttp()),
    'unreachable',
  ],
  'an SSH server that is down': [async () => (await ssh.down(), overSsh()), 'unreachable'],
  'an SSH server that says nothing': [
    () => (ssh.setSilent(true), overSsh({ callTimeoutMs: 1500 })),
    'unreachable',
  ],
  'an SSH key that the server does not know': [
    async () => overSsh({ sshKeyFiles: [await makeSshKey(temp.join('stranger'))] }),
    'denied',
  ],
  'a host key that is not known': [
    async () => {
      await writeFile(temp.join('no-hosts'), '');
      return overSsh({ sshKnownHostsFile: temp.join('no-hosts') });
    },
    'denied',
  ],
  'a path without a repository over SSH': [
    () => overSsh({ url: ssh.repositoryUrl(temp.join('repositories/nothing.git')) }),
    'absent',
  ],
  'git that is not there': [() => overSsh({ program: '/nowhere/git' }), 'tool'],
};

describe('a repository is not taken for one without snapshots', () => {
  it.each(Object.entries(WAYS))('because of %s', async (_, [make, kind]) => {
    const engine = await make();
    const state = await engine.state(work.signal);
    expect(state).toMatchObject({ kind: 'UNKNOWN', reason: { kind } });
    const text = JSON.stringify(state);
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toMatch(/Run\(|GIT_DIR/);
  });

  it('by mistake: the branch that is not there is NONE, over both', async () => {
    expect(await overHttp().state(work.signal)).toEqual({ kind: 'NONE' });
    expect(await overSsh().state(work.signal)).toEqual({ kind: 'NONE' });
  });

  it('and the caller who gives up is told that it was the caller', async () => {
    http.fail({ kind: 'stall-in-headers', afterBytes: 0 });
    const signal = AbortSignal.timeout(300);
    await expect(overHttp().state(signal)).rejects.toThrow(/timeout/i);
  });
});

it('a push that breaks off leaves the branch as it was, and the next backup makes it good', async () => {
  const volume = await makeVolume();
  const first = await backUp(overHttp(), volume, temp.path);
  await writeFile(`${volume}/d/b`, randomBytes(400_000));
  http.fail({ kind: 'status', status: 503 }, { when: ({ path }) => path.includes('git-receive-pack') });
  await expect(backUp(overHttp(), volume, temp.path)).rejects.toMatchObject({ code: 'repository_unknown' });
  expect((await newest(overHttp())).id).toBe(first.snapshot.id);
  http.heal();
  const second = await backUp(overHttp(), volume, temp.path);
  expect((await newest(overHttp())).id).toBe(second.snapshot.id);
  expect(await differences(await restore(overHttp(), second.snapshot, temp.join('restored')))).toEqual([]);
});

it('a restore that breaks off is gone on with', async () => {
  const volume = await makeVolume();
  const { snapshot } = await backUp(overHttp(), volume, temp.path);
  const engine = overHttp();
  http.fail({ kind: 'cut', afterBytes: 100_000 }, { when: ({ method }) => method === 'POST' });
  await expect(restore(engine, snapshot, temp.join('restored'))).rejects.toBeDefined();
  http.heal();
  expect(await differences(await restore(engine, snapshot, temp.join('restored')))).toEqual([]);
  expect(await readdir(temp.join('restored'))).toEqual(expect.arrayContaining(['root', 'manifest.mtree']));
});
