import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { GitRepository } from '../support/git-repository.ts';
import { runProgram } from '../support/run-program.ts';
import { waitFor } from '../support/wait-for.ts';
import { hasFailed, hasServed, saidBy, type Variant, variantObjects } from './support/credentials-example.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, type GitServer, withRepositoriesAt } from './support/git-server.ts';
import { provideDatabaseImages, provideTestImages } from './support/images.ts';
import { HOST } from './support/injected-pods.ts';
import { type Installation, install } from './support/install.ts';
import { httpGet, TestNamespace, useNamespace } from './support/namespace.ts';
import { type OtherInjector, startOtherInjector } from './support/other-injector.ts';
import { type Rds, startRds } from './support/rds.ts';
import { prepareWebDav, type WebDav } from './support/webdav.ts';
import { podOf, podsOf } from './support/workloads.ts';

// Every examples/*/annotated.yaml as it stands, but for the names of its servers, on a cluster whose injector came by its
// own manifest, where Pod Security is "restricted": each comes up and does the first step of its story. They come up side by side.
const namespace = useNamespace('annotated', { podSecurity: 'restricted' });
const databases = useNamespace('annotated-rds', { podSecurity: 'restricted' });
const aside = useNamespace('annotated-aside');
const injector = new TestNamespace('pillion');
const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;
const DAYS_MS = 24 * 60 * 60 * 1000;
const TEMPLATER = 'templater-service';
const WEB = 'git-sync-demo';
const WEBDAV = 'webdav';
const CRON = 'django';
const EVERY_MS = 2 * 60_000;
const TOKEN = 'the-token';
const PASSWORD = 'static-password';
const DATABASE_HOST = 'annotated.c1a2b3.eu-west-1.rds.amazonaws.com';
/** In a namespace of its own: two examples are named django. */
const CREDENTIALS: Variant = {
  name: 'pooled',
  file: 'annotated.yaml',
  user: 'pooled_iam',
  host: DATABASE_HOST,
  replicas: 2,
  isLeftAlone: true,
};
/** What is held back by what, until there is a server: by label, sidecar and container. */
const HELD_BACK = [
  [namespace, TEMPLATER, 'pillion-git-sync', 'service'],
  [namespace, WEB, 'pillion-git-sync', 'nginx'],
  [namespace, WEBDAV, 'pillion-restore', 'webdav'],
  [databases, CREDENTIALS.name, 'pillion-credentials', 'pgbouncer'],
] as const;
let installed: Installation | undefined;
let other: OtherInjector | undefined;
let webdav: WebDav | undefined;
let server: GitServer;
let rds: Rds;
const repositories = new Map<string, GitRepository>();
let url = '';

const secret = (name: string, stringData: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

/** The ConfigMap of a name that a manifest has; an annotated one leaves it to that. */
async function configMapOf(path: string, name: string, images: Parameters<typeof exampleManifest>[1]) {
  const documents = parseAllDocuments(await exampleManifest(path, images)).map(
    (document) => document.toJS() as { readonly kind: string; readonly metadata: { readonly name: string } },
  );
  const found = documents.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  expect(found, `${name} in ${path}`).toBeDefined();
  return found as object;
}

async function installInjector(): Promise<void> {
  installed = await install([], namespace.name);
  await injector.waitFor('deployment/pillion-injector', { until: 'jsonpath={.status.availableReplicas}=3' });
}

async function startGitServer(): Promise<void> {
  const images = await provideTestImages();
  server = await createGitServer(aside, images.gitServer, { isWritable: true, host: HOST });
  const contents = {
    'foo/templater-templates': { 'folder1/foo.md': '# Hello {{name}}\n' },
    'ddiiwoong/git-sync-demo': { 'index.html': '<h1>Hello git-sync demo v1.0</h1>\n' },
    'your-name/demo-data': { 'index.html': '<h1>demo</h1>\n' },
  };
  for (const [name, files] of Object.entries(contents)) {
    const repository = await server.repository(name);
    await repository.commit(files);
    repositories.set(name, repository);
  }
  // It is pushed to.
  await runProgram('chmod', ['-R', 'a+rwX', repositoryOf('your-name/demo-data').path]);
}

function repositoryOf(name: string): GitRepository {
  return repositories.get(name) as GitRepository;
}

async function applyExamples(): Promise<void> {
  const images = exampleImages(await provideTestImages());
  webdav = await prepareWebDav(namespace);
  await namespace.apply([
    server.secret('templater-templates-ssh'),
    server.secret('git-creds'),
    server.secret('webdav-git-read'),
    server.secret('webdav-git-write'),
    secret('django-db-token', { token: TOKEN }),
    await configMapOf('002-webdav/manifest.yaml', 'webdav-nginx', images),
    await configMapOf('003-cron-sidecar/manifest.yaml', 'cron-jobs', images),
  ]);
  for (const path of ['000-templater/annotated.yaml', '001-nginx-git-sync/annotated.yaml']) {
    await namespace.apply(withRepositoriesAt(HOST, await exampleManifest(path, images)));
  }
  // The test's server has its repositories where its user lives, and another name for the first branch.
  const places = {
    'github.com/your-name/demo-data.git#main': `${HOST}/srv/git/your-name/demo-data.git#master`,
  };
  await namespace.apply(replaced(await exampleManifest('002-webdav/annotated.yaml', images), places));
  await namespace.apply(await exampleManifest('003-cron-sidecar/annotated.yaml', images));
  url = `http://${await namespace.get(`service/${TEMPLATER}`, '.spec.clusterIP')}`;
}

/** RDS and STS, which does not answer yet. */
async function startDatabase(): Promise<void> {
  const { postgres } = await provideDatabaseImages();
  rds = await startRds(databases, {
    image: postgres,
    lifeMs: DAYS_MS,
    users: [CREDENTIALS.user],
    host: DATABASE_HOST,
  });
  await rds.failSts(503);
}

async function startIdentityInjector(): Promise<void> {
  other = await startOtherInjector(aside);
}

/** With EKS's own injector: it gives every container the service account's token, ours too. */
async function applyCredentials(): Promise<void> {
  const path = '/identity';
  await other?.register(databases, [
    { name: 'pod-identity-webhook', path, reinvocationPolicy: 'IfNeeded', app: CREDENTIALS.name },
  ]);
  await databases.apply([
    secret('django-client', { password: PASSWORD, 'users.txt': `"django" "${PASSWORD}"\n` }),
    ...(await variantObjects(CREDENTIALS, await provideDatabaseImages())),
  ]);
}

beforeAll(async () => {
  await Promise.all([installInjector(), startGitServer(), startDatabase(), startIdentityInjector()]);
  await applyExamples();
  await applyCredentials();
});
afterAll(async () => {
  await other?.remove();
  await webdav?.remove();
  await installed?.remove();
});

it('none of them starts before it has what it asks for', async () => {
  for (const [where, app, sidecar, container] of HELD_BACK) {
    const pods = await waitFor(
      async () => {
        const all = await podsOf(where, app);
        const logs = await Promise.all(all.map(({ name }) => where.logs(name, sidecar).catch(() => '')));
        const haveFailed = logs.every((log) => /refused|"level":"(?:warn|error)"/i.test(log));
        return all.length > 0 && haveFailed && all;
      },
      { what: `${sidecar} of ${app} to fail`, ...PATIENT },
    );
    for (const pod of pods) {
      expect(pod.containers[container]?.state.waiting?.reason).toBe('PodInitializing');
      expect(pod.containers[sidecar]?.restartCount).toBe(0);
    }
  }
});

it('all of them come up when it is there', async () => {
  await server.up();
  await rds.failSts(0);
  const all = [
    ...[TEMPLATER, WEB, WEBDAV, CRON].map((app) => [namespace, app] as const),
    [databases, CREDENTIALS.name] as const,
  ];
  await Promise.all(
    all.map(([where, app]) =>
      where.waitFor(`deployment/${app}`, { until: 'condition=Available', timeoutSeconds: 300 }),
    ),
  );
});

it('000-templater renders the templates of the repository, and shows a push', async () => {
  const page = async () => (await httpGet(`${url}/folder1/foo?name=Ann`)).body;
  await waitFor(async () => (await page()).includes('<h1>Hello Ann</h1>'), { what: 'the page', ...PATIENT });
  const files = { 'folder1/foo.md': '# Hello again, {{name}}\n' };
  await repositoryOf('foo/templater-templates').commit(files);
  await waitFor(async () => (await page()).includes('<h1>Hello again, Ann</h1>'), {
    what: 'the pushed page',
    ...PATIENT,
  });
});

it('001-nginx-git-sync serves the page from both pods, and shows a push', async () => {
  const shown = async (version: string) => {
    const pods = await podsOf(namespace, WEB);
    expect(pods).toHaveLength(2);
    for (const { name, ip } of pods) {
      await waitFor(async () => (await httpGet(`http://${ip}:8080/`)).body.includes(version), {
        what: `${version} from ${name}`,
        ...PATIENT,
      });
    }
  };
  await shown('v1.0');
  await repositoryOf('ddiiwoong/git-sync-demo').commit({
    'index.html': '<h1>Hello git-sync demo v1.1</h1>\n',
  });
  await shown('v1.1');
});

it('002-webdav serves what was restored, stores what was put there, and gives it back on an empty volume', async () => {
  const dav = webdav as WebDav;
  expect((await dav.get('index.html')).body).toBe('<h1>demo</h1>\n');
  await dav.put('folder/notes.txt', 'one\r\ntwo\r\n');
  const { name } = await podOf(namespace, WEBDAV);
  const path = '.spec.initContainers[?(@.name=="pillion-backup")].args';
  const args = JSON.parse(await namespace.get(`pod/${name}`, path)) as readonly string[];
  const place = /^--(?:volume|repository|name|ssh-key-file|ssh-known-hosts-file)=/;
  const flags = args.filter((arg) => place.test(arg));
  expect(flags).toHaveLength(5);
  await namespace.exec(name, 'pillion-backup', ['pillion', 'backup', 'now', ...flags]);
  const stored = ['show', 'master:folder/notes.txt'] as const;
  expect(await repositoryOf('your-name/demo-data').git(...stored)).toContain('one\r\ntwo');
  await dav.put('late.txt', 'put after the backup');
  await dav.stop(); // which stores it once more
  await dav.wipe();
  await dav.start();
  expect((await dav.get('folder/notes.txt')).body).toBe('one\r\ntwo\r\n');
  expect((await dav.get('late.txt')).body).toBe('put after the backup');
});

it('003-cron-sidecar writes the list of users at the start, and runs the job at the even minute', async () => {
  const { name, ip } = await podOf(namespace, CRON);
  expect(await namespace.exec(name, CRON, ['cat', '/shared/users.txt'])).toBe(`"app" "${TOKEN}"`);
  interface Run {
    readonly cause: string;
    readonly scheduled: string;
    readonly result: string;
  }
  interface Status {
    readonly jobs: readonly { readonly job: string; readonly history: readonly Run[] }[];
  }
  const run = await waitFor(
    async () => {
      const { jobs } = JSON.parse((await httpGet(`http://${ip}:9760/status`)).body) as Status;
      const users = jobs.find(({ job }) => job === 'users');
      return users?.history.find(({ cause }) => cause === 'schedule');
    },
    { what: 'the even minute', ...PATIENT },
  );
  expect(run.result).toBe('success');
  expect(Date.parse(run.scheduled) % EVERY_MS).toBe(0);
});

it('003-credentials logs in with tokens from the first connection on', async () => {
  const pods = await podsOf(databases, CREDENTIALS.name);
  expect(pods).toHaveLength(2);
  for (const pod of pods) {
    await waitFor(async () => (await saidBy(databases, pod)).some(hasServed), {
      what: `work in ${pod.name}`,
      ...PATIENT,
    });
    expect((await saidBy(databases, pod)).filter(hasFailed)).toEqual([]);
  }
  const logins = await rds.loginsOf(CREDENTIALS.user);
  expect(logins.length).toBeGreaterThan(0);
  expect(logins.filter(({ refusal }) => refusal !== undefined)).toEqual([]);
});

it('no container of them was ever started twice', async () => {
  const all = [
    ...(await Promise.all([TEMPLATER, WEB, WEBDAV, CRON].map((app) => podsOf(namespace, app)))),
    await podsOf(databases, CREDENTIALS.name),
  ].flat();
  for (const { name, containers } of all) {
    for (const [container, state] of Object.entries(containers)) {
      expect({ name, container, restarts: state?.restartCount }).toEqual({ name, container, restarts: 0 });
    }
  }
});
