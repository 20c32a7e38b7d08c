import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startCredentials } from '../../test/integration/credentials/support/credentials.ts';
import { CLIENT, makeVolume, startBackend } from '../../test/integration/credentials/support/stack.ts';
import { runPillion } from '../../test/support/pillion.ts';
import { giveToServer } from '../../test/support/postgres/as-postgres.ts';
import { ADMIN, adminLine, startPgbouncerWith } from '../../test/support/postgres/pgbouncer.ts';
import { freePort } from '../../test/support/postgres/postgres-server.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { resourceOf } from './terraform.ts';

const here = (name: string) => new URL(name, import.meta.url);
const LIFE_MS = 12_000;

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly securityContext: unknown;
  readonly restartPolicy?: string;
  readonly startupProbe?: unknown;
  readonly volumeMounts?: unknown;
}
interface PodSpec {
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: { readonly medium?: string } }[];
}
interface Manifest {
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

function oneOf(text: string, kind: string): Manifest {
  const documents = parseAllDocuments(text);
  const found = documents.map((document) => document.toJS() as Manifest).find((one) => one.kind === kind);
  if (found === undefined) {
    throw new Error(`the manifest has no ${kind}`);
  }
  return found;
}

async function manifest(kind: string, file = 'manifest.yaml'): Promise<Manifest> {
  return oneOf(await readFile(here(file), 'utf8'), kind);
}

const named = (containers: readonly Container[], name: string): Container => {
  const found = containers.find((container) => container.name === name);
  if (found === undefined) {
    throw new Error(`there is no container ${name}`);
  }
  return found;
};

/** A container without what depends on where it stands in the pod. */
function apartFromPlace(container: Container): object {
  const { restartPolicy: _policy, startupProbe: _probe, ...rest } = container;
  return rest;
}

function apartFromMounts({ volumeMounts: _mounts, ...rest }: Container): object {
  return rest;
}

/** Terraform writes the numbers of some arguments as strings. */
const comparable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'number' ? String(inner) : inner)),
  );

describe('the example', () => {
  it('says the same in YAML and in Terraform', async () => {
    const terraform = await readFile(here('main.tf'), 'utf8');
    const { metadata, spec } = await resourceOf(terraform, 'kubernetes_deployment');
    const deployment = await manifest('Deployment');
    expect(comparable(spec)).toEqual(comparable(deployment.spec));
    expect(metadata).toMatchObject({ name: 'django', labels: { app: 'django' } });
    const { data } = await resourceOf(terraform, 'kubernetes_config_map');
    expect(data).toEqual((await manifest('ConfigMap')).data);
  });

  it('has the faults of the story mended: no address for others, no trust, and PodSecurity "restricted"', async () => {
    const ini = (await manifest('ConfigMap')).data['pgbouncer.ini'];
    expect(ini).toMatch(/^listen_addr = 127\.0\.0\.1$/m);
    expect(ini).toMatch(/^auth_type = scram-sha-256$/m);
    expect(ini).toMatch(/^server_tls_sslmode = verify-full$/m);
    expect(ini).toMatch(/^server_login_retry = 1$/m);
    const { spec } = (await manifest('Deployment')).spec.template;
    for (const container of [...spec.initContainers, ...spec.containers]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
    expect(spec.initContainers.map(({ name }) => name)).toEqual(['credentials', 'pgbouncer']);
  });

  it('is the same pod without native sidecars, with the first file from an init container that ends', async () => {
    const today = (await manifest('Deployment')).spec.template.spec;
    const older = (await manifest('Deployment', 'one-time.yaml')).spec.template.spec;
    for (const name of ['credentials', 'pgbouncer', 'django']) {
      const container = named([...today.initContainers, ...today.containers], name);
      expect(named(older.containers, name), name).toEqual(apartFromPlace(container));
    }
    const [once, ...others] = older.initContainers;
    const { args, volumeMounts } = named(today.initContainers, 'credentials');
    expect(once).toMatchObject({ args: [...(args ?? []), '--one-time'], volumeMounts });
    expect(others).toEqual([]);
    const { initContainers: _init, containers: _containers, ...rest } = today;
    expect(older).toMatchObject(rest);
  });

  it('is the same pod with one annotation: the sidecar ahead of pgbouncer, on volumes in memory', async () => {
    const { code, stdout, stderr } = await runPillion([
      'inject',
      '-f',
      fileURLToPath(here('annotated.yaml')),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const today = (await manifest('Deployment')).spec.template.spec;
    const { initContainers, containers, volumes } = oneOf(stdout, 'Deployment').spec.template.spec;
    expect(initContainers.map(({ name }) => name)).toEqual(['pillion-credentials', 'pgbouncer']);
    const pool = apartFromMounts(named(today.initContainers, 'pgbouncer'));
    expect(apartFromMounts(named(initContainers, 'pgbouncer'))).toEqual(pool);
    expect(containers).toEqual(today.containers);
    const inMemory = volumes.filter(({ emptyDir }) => emptyDir?.medium === 'Memory');
    expect(inMemory.map(({ name }) => name)).toEqual(['pillion-credentials', 'pillion-credentials-run']);
  });

  it('runs: pgbouncer starts after its file, and the application never sees a failed login', async () => {
    const backend = await startBackend({ lifeMs: LIFE_MS, maxAgeMs: LIFE_MS });
    onTestFinished(() => backend.stop());
    const volume = await makeVolume('');
    onTestFinished(() => volume.remove());
    const { data } = await manifest('ConfigMap');
    const clients = path.join(backend.directory, 'client-users.txt');
    await writeFile(clients, `${adminLine}"${CLIENT.user}" "${CLIENT.password}"\n`);
    const port = await freePort();
    // Only places differ, and the admin: this test and pgbouncer are not the same user, as they are in the pod.
    const configuration = (data['credentials.yaml'] ?? '')
      .replace('":9102"', '"127.0.0.1:0"')
      .replace('/shared/users.txt', volume.usersFile)
      .replace('format: pgbouncer', 'format: pgbouncer\n        mode: "0640"')
      .replace('/secrets/client/users.txt', clients)
      .replace(
        '- pgbouncer=/run/pgbouncer',
        `- { type: pgbouncer, address: "127.0.0.1:${port}", user: ${ADMIN.user}, password-file: ${backend.adminPasswordFile} }`,
      )
      .replace('provider: aws-rds', 'provider: aws-rds\n    min-interval: 1s');
    const running = await startCredentials(configuration, {
      env: backend.aws.podIdentity(backend.tokenFile),
    });
    await waitFor(async () => (await running.get('/readyz')).status === 200, { what: 'readiness' });
    giveToServer(volume.usersFile);
    const ini = (data['pgbouncer.ini'] ?? '')
      .replace(
        'host=orders.c1a2b3.eu-west-1.rds.amazonaws.com port=5432 dbname=orders',
        `host=localhost port=${backend.postgres.port} dbname=app`,
      )
      .replace(
        'listen_port = 6432',
        `listen_port = ${port}\nadmin_users = ${ADMIN.user}\nserver_lifetime = 2`,
      )
      .replace('/shared/users.txt', volume.usersFile)
      .replace('/etc/rds/global-bundle.pem', backend.postgres.caFile);
    const pool = await startPgbouncerWith(ini, port);
    onTestFinished(() => pool.stop());
    const application = spawn(process.execPath, [fileURLToPath(here('application.ts'))], {
      env: {
        PATH: process.env['PATH'],
        DATABASE_HOST: '127.0.0.1',
        DATABASE_PORT: String(port),
        DATABASE_NAME: 'orders',
        DATABASE_USER: CLIENT.user,
        DATABASE_PASSWORD: CLIENT.password,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void application.kill('SIGKILL'));
    let output = '';
    application.stdout.on('data', (chunk) => (output += String(chunk)));
    await waitFor(() => running.said('credential delivered').length >= 4, {
      what: 'four tokens',
      timeoutMs: 120_000,
    });
    await waitFor(() => output.split('served').length > 5, { what: 'the work of the application' });
    expect(output).not.toContain('failed');
    expect(running.said('cannot deliver the credential')).toEqual([]);
  });
});
