import { copyFile, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_GO } from '../../support/go/programs.ts';
import { s3Program } from '../../support/s3/s3-server.ts';
import { clusterFolder } from './environment.ts';
import type { TestNamespace } from './namespace.ts';

const NAME = 's3';
const LABELS = { app: NAME };
const PORT = 9000;

/** A real S3 server in the cluster, without a bucket. */
export interface S3InCluster {
  /** For restic, which makes the bucket. */
  readonly repository: string;
  /** Variables of the key that may do everything. */
  readonly variables: Readonly<Record<string, string>>;
  up(): Promise<void>;
  down(): Promise<void>;
}

const KEY = { AWS_ACCESS_KEY_ID: 'root-key', AWS_SECRET_ACCESS_KEY: 'the-secret-of-root' };

/** Its program and its objects are a folder of this machine. */
function pod(image: string, folder: string) {
  const volumeMounts = [{ name: 'folder', mountPath: '/s3' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, labels: LABELS },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: NAME,
          image,
          imagePullPolicy: 'Never',
          command: ['/s3/versitygw'],
          args: [`--port=:${PORT}`, '--quiet', 'posix', '--sidecar', '/s3/metadata', '/s3/buckets'],
          env: [
            { name: 'ROOT_ACCESS_KEY', value: KEY.AWS_ACCESS_KEY_ID },
            { name: 'ROOT_SECRET_KEY', value: KEY.AWS_SECRET_ACCESS_KEY },
          ],
          readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
          volumeMounts,
        },
      ],
      volumes: [{ name: 'folder', hostPath: { path: folder } }],
    },
  };
}

/** Makes an S3 server in a namespace, still down. `image` is any with a C library. */
export async function createS3(namespace: TestNamespace, image: string): Promise<S3InCluster> {
  const program = s3Program();
  if (program === undefined) {
    throw new Error(NO_GO);
  }
  const folder = await mkdtemp(join(clusterFolder(), 's3-'));
  await mkdir(join(folder, 'buckets')); // restic makes the bucket
  await mkdir(join(folder, 'metadata'));
  await copyFile(program, join(folder, 'versitygw'));
  const spec = { selector: LABELS, ports: [{ port: PORT }] };
  await namespace.apply([{ apiVersion: 'v1', kind: 'Service', metadata: { name: NAME }, spec }]);
  return {
    repository: `s3:http://${NAME}.${namespace.name}.svc:${PORT}/backups/webdav`,
    variables: { ...KEY, AWS_DEFAULT_REGION: 'us-east-1' },
    async up() {
      await namespace.apply([pod(image, folder)]);
      await namespace.waitFor(`pod/${NAME}`, { until: 'condition=Ready' });
    },
    async down() {
      await namespace.kubectl(['delete', `pod/${NAME}`, '--ignore-not-found', '--grace-period=1']);
    },
  };
}
