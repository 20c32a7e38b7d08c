/** One connection to an SSH server for all polls: OpenSSH's own, mended by itself, and gone with the process. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type SshServer, sshFingerprint, startSshServer } from '../../../support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeScene, type OwningTest, type Scene, type Sync } from './scene.ts';

async function serve(test: OwningTest, scene: Scene): Promise<SshServer> {
  const server = await startSshServer(scene.join('ssh'));
  test.onTestFinished(async () => server.stop());
  return server;
}

const flagsFor = (scene: Scene, server: SshServer, key = server.keyPath) => [
  `--repo=${server.repositoryUrl(scene.repo.path)}`,
  `--ssh-key-file=${key}`,
  `--ssh-known-hosts-file=${server.knownHostsPath}`,
  '--period=100ms',
  '--max-failures=-1',
];

/** The socket's path has to fit into 107 bytes. */
async function start(test: OwningTest, scene: Scene, flags: readonly string[]): Promise<Sync> {
  const TMPDIR = await makeTempDir('p-');
  test.onTestFinished(() => removeTempDir(TMPDIR));
  return scene.start(flags, { env: { TMPDIR } });
}

const published = (scene: Scene, text: string) =>
  waitFor(async () => (await scene.read().catch(() => '')) === text, { what: `${text} to be published` });

/** Processes that have this text in their command line. */
async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text) && line.includes('ControlMaster=yes'));
}

/** Waits until polls cost no connection any more. */
async function kept(sync: Sync, server: SshServer): Promise<number> {
  return waitFor(
    async () => {
      const before = server.connections();
      await sync.passes(3);
      return server.connections() === before ? before : undefined;
    },
    { what: 'polls over one connection' },
  );
}

describe('over ssh, polls in short order', () => {
  it('share one connection, over which changes are fetched too; it ends with the process', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const sync = await start(test, scene, flagsFor(scene, server));
    await published(scene, 'first');
    const connections = await kept(sync, server);
    expect(connections).toBeLessThanOrEqual(3);
    await scene.commit('second');
    await published(scene, 'second');
    await sync.passes(3);
    expect(server.connections()).toBe(connections);
    const processes = await processesWith(String(server.port));
    expect(processes.filter((line) => line.startsWith('ssh\0'))).toHaveLength(1);
    await sync.stop();
    await waitFor(async () => (await processesWith(String(server.port))).length === 0, { what: 'its end' });
  });

  it('make a new one when the server has dropped it, and fail only while the server is away', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const sync = await start(test, scene, flagsFor(scene, server));
    await published(scene, 'first');
    await kept(sync, server);
    await server.down();
    await sync.waitForLog('Connection refused');
    await server.up();
    await scene.commit('second');
    await published(scene, 'second');
    await kept(sync, server);
  });

  it('do not outlive a key that was replaced', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const key = scene.join('key');
    await writeFile(key, await readFile(server.keyPath), { mode: 0o600 });
    const sync = await start(test, scene, flagsFor(scene, server, key));
    await published(scene, 'first');
    await kept(sync, server);
    const other = await server.addKey('other_key');
    await writeFile(key, await readFile(other));
    const print = await sshFingerprint(other);
    await waitFor(() => server.log().includes(print), { what: 'a login with the other key' });
    await kept(sync, server);
    await writeFile(key, 'no key any more\n');
    await sync.waitForLog('Permission denied');
  });

  it('with --ssh-keep=0, and those that are further apart, make one for each command', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const flags = flagsFor(scene, server);
    for (const [index, more] of [['--ssh-keep=0'], ['--ssh-keep=10ms', '--period=300ms']].entries()) {
      const sync = await start(test, scene, [...flags, `--link=link-${index}`, ...more]);
      await sync.passes(2);
      const before = server.connections();
      await sync.passes(3);
      expect(server.connections()).toBeGreaterThanOrEqual(before + 3);
      await sync.stop();
    }
  });

  it('make a new one when nobody has used the last one for as long as it is kept', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const sync = await start(test, scene, [...flagsFor(scene, server), '--ssh-keep=1s']);
    await published(scene, 'first');
    const before = await kept(sync, server);
    await sync.paused(async () => delay(1500));
    expect(await kept(sync, server)).toBeGreaterThan(before);
    expect(sync.stderr()).not.toMatch(/"code"/);
  });

  it('leave no connection behind when the process is killed', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const sync = await start(test, scene, flagsFor(scene, server));
    await published(scene, 'first');
    await kept(sync, server);
    sync.signal('SIGKILL');
    await waitFor(async () => (await processesWith(String(server.port))).length === 0, { what: 'its end' });
  });
});
