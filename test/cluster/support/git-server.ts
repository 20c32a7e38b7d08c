import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepository, type GitRepository } from '../../support/git-repository.ts';
import { makeSshKey } from '../../support/ssh-server.ts';
import { resolveName } from './dns.ts';
import { clusterFolder } from './environment.ts';
import { replaced } from './examples.ts';
import type { TestNamespace } from './namespace.ts';

const NAME = 'git-server';
const GITHUB = 'github.com';
const LABELS = { app: NAME };

/** A key pair of ssh, as text. */
export interface SshKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A git server over SSH in the cluster, by one name for all pods. */
export interface GitServer {
  /** A Secret for it, with the entries that git-sync's users know; some may be wrong on purpose. */
  secret(name: string, wrong?: { readonly ssh?: string; readonly known_hosts?: string }): object;
  /** Makes `git@HOST:NAME.git` with the branch master. A commit to it is a push. */
  repository(name: string): Promise<GitRepository>;
  /** A key that the server does not know. */
  strangeKey(): Promise<SshKey>;
  /** Resolves when it can be reached. */
  up(): Promise<void>;
  /** Resolves when connections are refused. */
  down(): Promise<void>;
}

async function makeKey(folder: string, name: string): Promise<SshKey> {
  const file = await makeSshKey(join(folder, name));
  const [privateKey, publicKey] = await Promise.all([
    readFile(file, 'utf8'),
    readFile(`${file}.pub`, 'utf8'),
  ]);
  return { privateKey, publicKey: publicKey.trim() };
}

/** The manifest of an example, whose repositories are at GitHub, with those of a server of another name. */
export const withRepositoriesAt = (host: string, manifest: string): string =>
  replaced(manifest, { [`git@${GITHUB}`]: `git@${host}` });

/** A line of known_hosts for the server that has this key. */
export function knownHosts({ publicKey }: SshKey, host = GITHUB): string {
  return `${host} ${publicKey}\n`;
}

function serverKeys(hostKey: SshKey, userKey: SshKey) {
  const stringData = { host_key: hostKey.privateKey, authorized_keys: `${userKey.publicKey}\n` };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME }, stringData };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: NAME },
  spec: { selector: LABELS, ports: [{ port: 22 }] },
};

/** The repositories are a folder of this machine: commits are made here, and no pod of the server is needed for it. */
function pod(image: string, repositories: string, isWritable: boolean) {
  // sshd reads the second one as the user who logs in.
  const items = [
    { key: 'host_key', path: 'host_key', mode: 0o400 },
    { key: 'authorized_keys', path: 'authorized_keys', mode: 0o444 },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, labels: LABELS },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'sshd',
          image,
          imagePullPolicy: 'Never',
          readinessProbe: { tcpSocket: { port: 22 }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'keys', mountPath: '/etc/git-server/keys', readOnly: true },
            { name: 'repositories', mountPath: '/srv/git', readOnly: !isWritable },
          ],
        },
      ],
      volumes: [
        { name: 'keys', secret: { secretName: NAME, items } },
        { name: 'repositories', hostPath: { path: repositories } },
      ],
    },
  };
}

export interface GitServerOptions {
  /** Pods may push to repositories that its user git may write to. */
  readonly isWritable?: boolean;
  /** Its name. Only one of the tests that run at the same time may have it. Default github.com. */
  readonly host?: string;
}

/** Makes a git server in a namespace, still down, and gives it its name. */
export async function createGitServer(
  namespace: TestNamespace,
  image: string,
  { isWritable = false, host = GITHUB }: GitServerOptions = {},
): Promise<GitServer> {
  const keys = await mkdtemp(join(clusterFolder(), 'keys-'));
  const repositories = await mkdtemp(join(clusterFolder(), 'repositories-'));
  await chmod(repositories, 0o755);
  const [hostKey, userKey] = await Promise.all([makeKey(keys, 'host'), makeKey(keys, 'user')]);
  await namespace.apply([serverKeys(hostKey, userKey), service]);
  await resolveName(host, await namespace.get(`service/${NAME}`, '.spec.clusterIP'));
  return {
    secret(name, wrong = {}) {
      const right = { ssh: userKey.privateKey, known_hosts: knownHosts(hostKey, host) };
      const stringData = { ...right, ...wrong };
      return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'Opaque', stringData };
    },
    repository: async (name) => createRepository(join(repositories, `${name}.git`), { branch: 'master' }),
    async strangeKey() {
      return makeKey(await mkdtemp(join(keys, 'strange-')), 'key');
    },
    async up() {
      await namespace.apply([pod(image, repositories, isWritable)]);
      await namespace.waitFor(`pod/${NAME}`, { until: 'condition=Ready' });
    },
    async down() {
      await namespace.kubectl(['delete', `pod/${NAME}`, '--ignore-not-found', '--grace-period=1']);
    },
  };
}
