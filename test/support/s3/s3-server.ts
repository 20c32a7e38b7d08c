/** A real S3 server that checks signatures, checksums and policies: versitygw over a directory. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { goProgram } from '../go/programs.ts';
import { freePort } from '../postgres/postgres-server.ts';
import { runProgram } from '../run-program.ts';
import { waitFor } from '../wait-for.ts';
import { type S3Key, signedHeaders } from './sign.ts';

/** Path of versitygw, built when it is first asked for; undefined where that cannot be done. */
export const s3Program = (): string | undefined =>
  goProgram('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0');

/** What a key may do in a bucket. `append`: read, write, and delete nothing but restic's own locks. */
export type Permission = 'read' | 'append';

export interface S3Server {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** The key that may do everything. */
  readonly root: S3Key;
  /** Where a bucket's objects lie as files. */
  objects(bucket: string): string;
  makeBucket(bucket: string): Promise<void>;
  /** Makes a key that may do that in the bucket, and nothing else anywhere. */
  makeKey(bucket: string, access: string, permission: Permission): Promise<S3Key>;
  stop(): Promise<void>;
}

/** For restic and every other client that reads AWS's variables. */
export const awsEnvironment = ({ access, secret }: S3Key): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: access,
  AWS_SECRET_ACCESS_KEY: secret,
  AWS_DEFAULT_REGION: 'us-east-1',
});

const ALLOWED: Readonly<Record<Permission, readonly [readonly string[], string][]>> = {
  read: [
    [['s3:GetObject'], '/*'],
    [['s3:ListBucket', 's3:GetBucketLocation'], ''],
  ],
  append: [
    [['s3:GetObject', 's3:PutObject'], '/*'],
    [['s3:ListBucket', 's3:GetBucketLocation'], ''],
    [['s3:DeleteObject'], '/*/locks/*'],
  ],
};

function statements(bucket: string, { access }: S3Key, permission: Permission): readonly object[] {
  return ALLOWED[permission].map(([Action, below]) => ({
    Effect: 'Allow',
    Principal: { AWS: [access] },
    Action,
    Resource: [`arn:aws:s3:::${bucket}${below}`],
  }));
}

/** @param directory of its own, where buckets, keys and metadata are kept: a server can be started on it again. */
export async function startS3Server(program: string, directory: string): Promise<S3Server> {
  const [buckets, keys, metadata] = ['buckets', 'keys', 'metadata'].map((name) => path.join(directory, name));
  for (const folder of [buckets, keys, metadata]) {
    mkdirSync(folder ?? '', { recursive: true });
  }
  const root = { access: 'root-key', secret: 'secret of root' };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const options = ['--port', `127.0.0.1:${port}`, '--iam-dir', keys ?? '', '--health', '/health', '--quiet'];
  const child = spawn(program, [...options, 'posix', '--sidecar', metadata ?? '', buckets ?? ''], {
    env: { ROOT_ACCESS_KEY: root.access, ROOT_SECRET_KEY: root.secret },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => (log += String(chunk)));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  const isUp = async (): Promise<boolean> => (await fetch(`${url}/health`)).ok;
  await waitFor(isUp, { what: 'versitygw', timeoutMs: 30_000, intervalMs: 50 }).catch(async (error) => {
    await stop();
    throw new Error(`versitygw did not start:\n${log}`, { cause: error });
  });

  const put = async (target: string, body: string): Promise<void> => {
    const address = new URL(target, url);
    const headers = signedHeaders(root, 'PUT', address, body);
    const response = await fetch(address, { method: 'PUT', headers, body });
    if (!response.ok) {
      throw new Error(`PUT ${target}: ${response.status} ${await response.text()}`);
    }
  };
  const policies = new Map<string, object[]>();
  return {
    url,
    port,
    root,
    objects: (bucket) => path.join(buckets ?? '', bucket),
    makeBucket: (bucket) => put(`/${bucket}`, ''),
    async makeKey(bucket, access, permission) {
      const key = { access, secret: `secret of ${access}` };
      const user = ['--access', access, '--secret', key.secret, '--role', 'user'];
      const admin = ['admin', '--access', root.access, '--secret', root.secret, '--endpoint-url', url];
      await runProgram(program, [...admin, 'create-user', ...user]);
      const all = [...(policies.get(bucket) ?? []), ...statements(bucket, key, permission)];
      policies.set(bucket, all);
      await put(`/${bucket}?policy=`, JSON.stringify({ Version: '2012-10-17', Statement: all }));
      return key;
    },
    stop,
  };
}
