import { describe, expect, it, onTestFinished } from 'vitest';
import { gitEnvironment } from '../support/git.ts';
import { createRepository } from '../support/git-repository.ts';
import { LIES } from '../support/http-faults.ts';
import { type HttpGitServerOptions, startHttpGitServer } from '../support/http-git-server.ts';
import { createWideRepository } from '../support/large-repository.ts';
import { runProgram, tryProgram } from '../support/run-program.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const temp = useTempDir();

async function start(options: Partial<HttpGitServerOptions> = {}) {
  const server = await startHttpGitServer({ root: temp.join('served'), ...options });
  onTestFinished(async () => server.stop());
  return server;
}

async function lsRemote(url: string) {
  return tryProgram('git', ['ls-remote', url, 'HEAD'], { env: gitEnvironment() });
}

describe('the HTTP git server of the tests', () => {
  it('serves clones and takes pushes over smart HTTP', async () => {
    const repository = await createRepository(temp.join('served', 'a.git'));
    await repository.commit({ 'folder/file.txt': 'one' });
    const server = await start();
    const env = gitEnvironment();
    const clone = temp.join('clone');
    await runProgram('git', ['clone', '--quiet', server.repositoryUrl('a.git'), clone], { env });
    await runProgram('git', ['commit', '--quiet', '--allow-empty', '-m', 'two'], { env, cwd: clone });
    await runProgram('git', ['push', '--quiet'], { env, cwd: clone });
    expect(await repository.git('log', '-1', '--format=%s')).toBe('two');
    expect(server.requests[0]?.gitProtocol).toBe('version=2');
  });

  it('asks for a password that may change while it runs', async () => {
    const repository = await createRepository(temp.join('served', 'a.git'));
    const hash = await repository.commit({ a: 'a' });
    const users = new Map([['ann', 'first']]);
    const server = await start({ users });
    const url = server.repositoryUrl('a.git', { name: 'ann', password: 'first' });
    expect((await lsRemote(url)).stdout).toContain(hash);
    users.set('ann', 'second');
    expect((await lsRemote(url)).code).not.toBe(0);
    expect(server.requests.at(-1)).toMatchObject({ status: 401, user: undefined });
  });

  it('holds a connection in the middle of a pack and serves others after it is healed', async () => {
    const repository = await createWideRepository(temp.join('served', 'a.git'), {
      files: 20,
      bytesPerFile: 50_000,
    });
    const server = await start();
    server.fail({ kind: 'stall', afterBytes: 100_000 }, { when: (request) => request.method === 'POST' });
    const args = [
      'clone',
      '--quiet',
      '-c',
      'protocol.version=0',
      server.repositoryUrl('a.git'),
      temp.join('b'),
    ];
    const cloning = tryProgram('timeout', ['60', 'git', ...args], { env: gitEnvironment() });
    await waitFor(() => server.heldConnections() === 1, { what: 'the stall' });
    server.heal();
    expect((await lsRemote(server.repositoryUrl('a.git'))).stdout).toContain(await repository.hash());
    await server.down();
    expect((await cloning).code).not.toBe(0);
    expect((await lsRemote(server.repositoryUrl('a.git'))).stderr).toMatch(/connect/i);
    await server.up();
    expect((await lsRemote(server.repositoryUrl('a.git'))).code).toBe(0);
  });

  it('cuts, refuses, redirects and lies as told, for as many requests as told', async () => {
    const repository = await createRepository(temp.join('served', 'a.git'));
    await repository.commit({ a: 'a' });
    const server = await start();
    const other = await start();
    const url = server.repositoryUrl('a.git');
    const faults = [
      [{ kind: 'cut', afterBytes: 10 }, /unexpected|early|hung up|expected|RPC failed|transfer closed/i],
      [{ kind: 'status', status: 503 }, /503/],
      [LIES.loginPage, /not found|invalid|not valid|unable/i],
      [LIES.garbage, /protocol error|bad line|invalid/i],
    ] as const;
    for (const [fault, message] of faults) {
      server.fail(fault, { times: 1 });
      expect((await lsRemote(url)).stderr).toMatch(message);
      expect((await lsRemote(url)).code).toBe(0);
    }
    server.fail({ kind: 'redirect', to: other.url }, { times: 1 });
    expect((await lsRemote(url)).code).toBe(0);
    expect(other.requests).not.toHaveLength(0);
  });

  it('speaks only protocol v0 when told', async () => {
    const repository = await createRepository(temp.join('served', 'a.git'));
    const hash = await repository.commit({ a: 'a' });
    const server = await start({ protocolV0Only: true });
    const answer = await fetch(`${server.repositoryUrl('a.git')}/info/refs?service=git-upload-pack`, {
      headers: { 'git-protocol': 'version=2' },
    });
    expect(await answer.text()).toContain(`${hash} HEAD\0`);
  });
});
