/** A repository that cannot be asked, in every way: the application never starts on an empty volume. */
import { chmod, cp, mkdir, rm, truncate } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../../src/core/http/client/fixtures/authority.ts';
import { PASSWORD, readTree, run, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic14, restic18 } from '../../support/backup/restic.ts';
import { listenOnLoopback } from '../../support/listen.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const made = { scratch: '' };
const AWS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'c4nary-of-the-key' };

async function serve(listener: RequestListener, tls = false): Promise<string> {
  const authority = tls ? makeAuthority(dir.path) : undefined;
  const server =
    authority === undefined
      ? createServer(listener)
      : createTlsServer(authority.issue('127.0.0.1'), listener);
  const { port, down } = await listenOnLoopback(server);
  onTestFinished(down);
  return `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`;
}

const answer =
  (status: number): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end();

async function copy(): Promise<string> {
  const repository = dir.join('repository');
  await cp(path.join(made.scratch, 'repository'), repository, { recursive: true });
  return repository;
}

interface Way {
  readonly repository: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How it is made, and what is said of it. */
const WAYS: Readonly<Record<string, readonly [() => Promise<Way>, string]>> = {
  'name that nobody knows': [
    () => Promise.resolve({ repository: 'rest:http://nobody.invalid/' }),
    'unreachable',
  ],
  'port where nobody listens': [
    () => Promise.resolve({ repository: 'rest:http://127.0.0.1:1/' }),
    'unreachable',
  ],
  'certificate of a stranger': [
    async () => ({ repository: `rest:${await serve(answer(200), true)}` }),
    'unreachable',
  ],
  '403 of a REST server': [async () => ({ repository: `rest:${await serve(answer(403))}` }), 'denied'],
  '403 of S3': [async () => ({ repository: `s3:${await serve(answer(403))}bucket/x`, env: AWS }), 'denied'],
  '404 of a REST server': [async () => ({ repository: `rest:${await serve(answer(404))}` }), 'absent'],
  // Nothing says that it is the bucket: restic tries again.
  '404 of S3 without a word': [
    async () => ({ repository: `s3:${await serve(answer(404))}bucket/x`, env: AWS }),
    'unreachable',
  ],
  '500, again and again': [async () => ({ repository: `rest:${await serve(answer(500))}` }), 'unreachable'],
  'server that never answers': [
    async () => ({ repository: `rest:${await serve(() => undefined)}` }),
    'unreachable',
  ],
  'wrong password': [
    async () => ({ repository: await copy(), env: { RESTIC_PASSWORD: 'another-password' } }),
    'password',
  ],
  'wrong prefix': [async () => ({ repository: path.join(await copy(), 'prefix') }), 'absent'],
  'configuration that is cut off': [
    async () => {
      const repository = await copy();
      await chmod(path.join(repository, 'config'), 0o600);
      await truncate(path.join(repository, 'config'), 0);
      return { repository };
    },
    'damaged',
  ],
  'configuration that is lost': [
    async () => {
      const repository = await copy();
      await rm(path.join(repository, 'config'));
      return { repository };
    },
    'damaged',
  ],
  'configuration that is lost, and all but the data with it': [
    async () => {
      const repository = await copy();
      for (const name of ['config', 'index', 'keys', 'snapshots']) {
        await rm(path.join(repository, name), { recursive: true });
      }
      return { repository: `local:${repository}` };
    },
    'damaged',
  ],
  'restic that is too old': [
    async () => ({
      repository: await copy(),
      env: { PATH: `${path.dirname(restic14() ?? '/')}:/usr/bin:/bin` },
    }),
    'tool',
  ],
  'restic that is not there': [
    async () => ({ repository: await copy(), env: { PATH: '/usr/bin:/bin' } }),
    'tool',
  ],
};

describe.skipIf(restic18() === undefined)(`an empty volume never starts (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    made.scratch = await makeTempDir();
    const volume = path.join(made.scratch, 'volume');
    await writeTree(volume, { a: 'content' });
    const repository = path.join(made.scratch, 'repository');
    await succeed(['backup', 'now'], { volume, repository, flags: ['--init'] });
  });
  afterAll(() => removeTempDir(made.scratch));

  it.each(Object.entries(WAYS))('because of a %s', async (_, [make, kind]) => {
    const { repository, env } = await make();
    const volume = dir.join('volume');
    await mkdir(volume);
    const node = path.dirname(process.execPath);
    const withNode = env?.['PATH'] === undefined ? env : { ...env, PATH: `${node}:${env['PATH']}` };
    const command = {
      volume,
      repository,
      ...(withNode === undefined ? {} : { env: withNode }),
      flags: ['--timeout', '0', '--call-timeout', '1s', '--on-missing', kind === 'absent' ? 'fail' : 'allow'],
    };
    const { code, stderr, stdout } = await run(['restore'], command);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`the repository cannot be asked (${kind})`)]);
    expect(stderr).toContain('"hint":');
    expect(stderr + stdout).not.toContain(AWS.AWS_SECRET_ACCESS_KEY);
    expect(stderr + stdout).not.toContain(PASSWORD);
    expect(await readTree(volume)).toEqual({});
  });

  it('because its snapshots are gone, and its data is there', async () => {
    const repository = await copy();
    await rm(path.join(repository, 'snapshots'), { recursive: true });
    const volume = dir.join('volume');
    await mkdir(volume);
    const command = { volume, repository, flags: ['--on-missing', 'allow'] };
    const { code, stderr } = await run(['restore'], command);
    expect([code, stderr]).toEqual([1, expect.stringContaining('has data, but no snapshot')]);
    const plan = await run(['restore', '--plan'], command);
    expect([plan.code, JSON.parse(plan.stdout).decision.action]).toEqual([1, 'refuse']);
  });
});
