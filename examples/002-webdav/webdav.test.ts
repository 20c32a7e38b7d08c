import { appendFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runPillion, startPillion } from '../../test/support/pillion.ts';
import { runProgram } from '../../test/support/run-program.ts';
import { makeSshKey, type SshServer, startSshServer } from '../../test/support/ssh-server.ts';
import { useTempDir } from '../../test/support/use-temp-dir.ts';

// The programs of the manifest's containers, with its arguments and variables, a real sshd and git behind it.
const temp = useTempDir();
const PAGE = '<h1>demo</h1>\n';
let server: SshServer;

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: unknown;
}
interface PodSpec {
  readonly securityContext: object;
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}

async function manifests(): Promise<Manifest[]> {
  const text = await readFile(new URL('manifest.yaml', import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

async function podSpec(): Promise<PodSpec> {
  const pod = (await manifests()).find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
  if (pod === undefined) {
    throw new Error('there is no Deployment');
  }
  return pod;
}

async function argsOf(name: string): Promise<readonly string[]> {
  const found = (await podSpec()).initContainers.find((container) => container.name === name);
  // Ports are those of a pod of its own.
  return (found?.args ?? []).map((arg) => arg.replace(/--http-bind=.*/, '--http-bind=127.0.0.1:0'));
}

/** The ConfigMap, with the places of this test. */
async function variables(key: string): Promise<Record<string, string>> {
  const found = (await manifests()).find(({ metadata }) => metadata.name === 'webdav-backup');
  const data = found?.data ?? {};
  expect(data['PILLION_BACKUP_REPOSITORY']).toMatch(/^git\+ssh:\/\/git@github\.com\/.*#main$/);
  return {
    ...data,
    PILLION_BACKUP_VOLUME: volume(),
    PILLION_BACKUP_REPOSITORY: `git+${server.repositoryUrl(remote())}#main`,
    PILLION_BACKUP_SSH_KEY_FILE: key,
    PILLION_BACKUP_SSH_KNOWN_HOSTS_FILE: server.knownHostsPath,
  };
}

const volume = () => temp.join('data');
const remote = () => temp.join('demo-data.git');
const readKey = () => temp.join('read-key');
const git = (...args: string[]) => runProgram('git', args);

/** A key for which sshd starts nothing but what reads. */
async function addReadOnlyKey(): Promise<void> {
  await makeSshKey(readKey());
  const publicKey = await readFile(`${readKey()}.pub`, 'utf8');
  const script = temp.join('read-only');
  const cases = `case "$SSH_ORIGINAL_COMMAND" in "git-upload-pack "*) eval "$SSH_ORIGINAL_COMMAND";; *) echo "this key may read" >&2; exit 1;; esac`;
  await writeFile(script, `#!/bin/sh\n${cases}\n`, { mode: 0o755 });
  await appendFile(temp.join('sshd/authorized_keys'), `command="${script}",restrict ${publicKey}`);
}

async function makeRepository(): Promise<void> {
  await git('init', '-q', '-b', 'main', temp.join('work'));
  await writeFile(temp.join('work/index.html'), PAGE);
  await git('-C', temp.join('work'), 'add', '-A');
  const identity = ['-c', 'user.name=demo', '-c', 'user.email=demo@example.com'];
  await git('-C', temp.join('work'), ...identity, 'commit', '-qm', 'demo');
  await git('clone', '-q', '--bare', temp.join('work'), remote());
}

beforeEach(async () => {
  await mkdir(volume());
  server = await startSshServer(temp.join('sshd'));
  await addReadOnlyKey();
  await makeRepository();
});
afterEach(async () => {
  await server.stop();
});

const restore = async (...more: string[]) =>
  runPillion([...(await argsOf('restore')), ...more], { env: await variables(readKey()) });
const backup = async (...args: string[]) =>
  runPillion(['backup', ...args], { env: await variables(server.keyPath) });
const page = () => readFile(`${volume()}/index.html`, 'utf8');

describe('the volume of the WebDAV server', () => {
  it('does not become an empty one while the git server is down, and is filled when it is back', async () => {
    await server.down();
    const args = [...(await argsOf('restore')), '--retry-wait=200ms'];
    const running = await startPillion(args, { env: await variables(readKey()) });
    try {
      await running.waitForLog(/cannot be asked|not known|unreachable|Connection refused/);
      expect((await readdir(volume())).filter((name) => name !== '.pillion')).toEqual([]);
      await server.up();
      expect(await running.exit).toMatchObject({ code: 0 });
    } finally {
      await running.stop();
    }
    expect(await page()).toBe(PAGE);
  });

  it('comes back with all that was put there when it is lost', async () => {
    expect(await restore()).toMatchObject({ code: 0 });
    await mkdir(`${volume()}/folder/empty`, { recursive: true });
    await writeFile(`${volume()}/folder/notes.txt`, 'one\r\ntwo\r\n', { mode: 0o640 });
    await writeFile(`${volume()}/.gitattributes`, '* text eol=lf\n');
    await utimes(`${volume()}/folder/notes.txt`, 1_600_000_000, 1_600_000_000);
    const made = await backup('now');
    expect(made.stderr).not.toContain('"level":"error"');
    expect(made.code).toBe(0);
    await rm(volume(), { recursive: true });
    await mkdir(volume());
    expect(await restore()).toMatchObject({ code: 0 });
    expect(await readFile(`${volume()}/folder/notes.txt`, 'utf8')).toBe('one\r\ntwo\r\n');
    expect(await readdir(`${volume()}/folder/empty`)).toEqual([]);
    const { mtimeMs, mode } = await stat(`${volume()}/folder/notes.txt`);
    expect([mtimeMs, mode & 0o777]).toEqual([1_600_000_000_000, 0o640]);
    expect(await git('-C', remote(), 'show', 'main:folder/notes.txt')).toContain('one\r\n');
  });

  it('is stored once more when the pod ends, after the server has', async () => {
    expect(await restore()).toMatchObject({ code: 0 });
    const env = { ...(await variables(server.keyPath)), RUNAT: '02:30', TZ: 'Europe/Berlin' };
    const running = await startPillion(await argsOf('backup'), { env });
    try {
      await running.waitForLog(/02:30|next/);
      await writeFile(`${volume()}/late.txt`, 'the last request');
      running.signal('SIGTERM');
      expect((await running.exit).code ?? 0).toBe(0);
    } finally {
      await running.stop();
    }
    expect(await git('-C', remote(), 'show', 'main:late.txt')).toContain('the last request');
  });

  it('that was damaged by hand is set aside and restored', async () => {
    expect(await restore()).toMatchObject({ code: 0 });
    await writeFile(`${volume()}/kept.txt`, 'of the application');
    expect((await backup('now')).code).toBe(0);
    await rm(`${volume()}/index.html`);
    expect(await restore()).toMatchObject({ code: 0 });
    expect(await page()).toBe(PAGE);
    const [quarantine] = await readdir(`${volume()}/.pillion/quarantine`);
    expect(await readdir(`${volume()}/.pillion/quarantine/${quarantine}`)).toEqual(['kept.txt']);
  });

  it('cannot be written to the repository with the key of the init container', async () => {
    expect(await restore()).toMatchObject({ code: 0 });
    const refused = await runPillion(['backup', 'now'], { env: await variables(readKey()) });
    expect(refused.code).toBe(1);
    expect(await git('-C', remote(), 'log', '--format=%s', 'main')).toContain('demo');
  });
});

describe('the manifest', () => {
  it('asks for nothing that PodSecurity "restricted" forbids', async () => {
    const { securityContext, initContainers, containers } = await podSpec();
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of [...initContainers, ...containers]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('is what annotations make of a Deployment, too', async () => {
    const file = fileURLToPath(new URL('annotated.yaml', import.meta.url));
    const { code, stdout } = await runPillion(['inject', '-f', file]);
    expect(code).toBe(0);
    const injected = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    const pod = injected.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
    const data = (await manifests()).find(({ metadata }) => metadata.name === 'webdav-backup')?.data ?? {};
    const place = ['VOLUME', 'REPOSITORY', 'NAME'].map(
      (key) => `--${key.toLowerCase()}=${data[`PILLION_BACKUP_${key}`]}`,
    );
    expect(pod?.initContainers.map(({ name, args }) => [name, args?.slice(0, 4)])).toEqual([
      ['pillion-restore', ['restore', ...place]],
      ['pillion-backup', ['backup', ...place]],
    ]);
    expect(pod?.initContainers[0]?.args).toContain('--require=index.html');
    expect(pod?.initContainers[1]?.args).toEqual(
      expect.arrayContaining(['--run-at=02:30', '--tz=Europe/Berlin', '--on-stop=true', '--grace=50s']),
    );
  });

  it('starts the backup after the restore, and ends it after the server', async () => {
    const { initContainers } = await podSpec();
    expect(initContainers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['restore', undefined],
      ['backup', 'Always'],
    ]);
  });
});
