import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { clusterFolder } from './environment.ts';
import { inside, kubectl } from './kubectl.ts';
import { type Answer, httpGet, type TestNamespace } from './namespace.ts';
import { podOf, podsOf } from './workloads.ts';

const APP = 'webdav';
/** Of the pod, and of the group of its volume. */
const USER = 10_002;
const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;

/** The WebDAV server of examples/002-webdav in a namespace, with a volume that is a folder of this machine. */
export interface WebDav {
  readonly volume: string;
  /** A GET from the pod, whether it is ready or not. */
  get(path: string): Promise<Answer>;
  put(path: string, content: string): Promise<void>;
  /** Resolves when there is no pod any more. */
  stop(): Promise<void>;
  /** Resolves when a pod is ready. */
  start(): Promise<void>;
  /** The volume is lost. */
  wipe(): Promise<void>;
  /** Removes what is in no namespace. */
  remove(): Promise<void>;
}

/** What a provisioner of volumes makes: a folder that the pod's group may write to. */
async function makeVolume({ name }: TestNamespace): Promise<string> {
  const path = await mkdtemp(join(clusterFolder(), 'webdav-'));
  await chown(path, 0, USER);
  await chmod(path, 0o2775);
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    claimRef: { namespace: name, name: 'webdav-data' },
    hostPath: { path },
  };
  const object = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec };
  await kubectl(['apply', '--filename=-'], JSON.stringify(object));
  return path;
}

/** Makes the volume; the manifest is for the test to apply. */
export async function prepareWebDav(namespace: TestNamespace): Promise<WebDav> {
  const volume = await makeVolume(namespace);
  const urlOf = async (path: string) => `http://${(await podOf(namespace, APP)).ip}:8080/${path}`;
  const scale = (replicas: number) =>
    namespace.kubectl(['scale', `deployment/${APP}`, `--replicas=${replicas}`]);
  return {
    volume,
    get: async (path) => httpGet(await urlOf(path)),
    async put(path, content) {
      const flags = ['--silent', '--fail', '--max-time', '20', '--upload-file', '-'];
      await inside(['curl', ...flags, await urlOf(path)], content);
    },
    async stop() {
      await scale(0);
      await waitFor(async () => (await podsOf(namespace, APP)).length === 0, { what: 'no pod', ...PATIENT });
    },
    async start() {
      await scale(1);
      await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available', timeoutSeconds: 300 });
    },
    async wipe() {
      for (const name of await readdir(volume)) {
        await rm(join(volume, name), { recursive: true });
      }
    },
    async remove() {
      await kubectl(['delete', 'persistentvolume', namespace.name, '--ignore-not-found', '--wait=false']);
    },
  };
}
