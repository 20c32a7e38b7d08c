import { beforeAll, describe, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { pseudoRandomBytes } from '../support/large-repository.ts';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, type GitServer, knownHosts } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, type TestNamespace, useNamespace } from './support/namespace.ts';
import { podsOf } from './support/workloads.ts';

// What goes wrong in real clusters, done to the running application of examples/000-templater/today.yaml: each time a log
// line or an event names the cause and the fix, and the page stays.
const aside = useNamespace('bad-git');
const APP = 'templater-service';
const SIDECAR = 'git-sync';
const SECRET = 'templater-templates-ssh';
const REPOSITORY = 'foo/templater-templates';
const ROOMY = 'foo/roomy';
const PATIENT = { timeoutMs: 240_000, intervalMs: 1000 } as const;
const restricted = { podSecurity: 'restricted' } as const;
const cases = {
  key: useNamespace('bad-key', restricted),
  host: useNamespace('bad-host', restricted),
  secret: useNamespace('bad-secret', restricted),
  entry: useNamespace('bad-entry', restricted),
  ref: useNamespace('bad-ref', restricted),
  volume: useNamespace('bad-volume', restricted),
} as const;
let server: GitServer;
let roomy: GitRepository;
let manifest: string;

async function makeRepository(name: string): Promise<GitRepository> {
  const repository = await server.repository(name);
  await repository.commit({ 'page.md': 'the old page\n' });
  return repository;
}

async function deploy(
  namespace: TestNamespace,
  changes: Readonly<Record<string, string>> = {},
): Promise<void> {
  await namespace.apply([server.secret(SECRET)]);
  await namespace.apply(replaced(manifest, changes));
}

beforeAll(async () => {
  const images = await provideTestImages();
  server = await createGitServer(aside, images.gitServer);
  roomy = await makeRepository(ROOMY);
  await makeRepository(REPOSITORY);
  await server.up();
  manifest = replaced(await exampleManifest('000-templater/today.yaml', exampleImages(images)), {
    'replicas: 2': 'replicas: 1',
  });
  const { volume, ...others } = cases;
  await Promise.all([
    ...Object.values(others).map(async (namespace) => deploy(namespace)),
    deploy(volume, {
      [REPOSITORY]: ROOMY,
      '- name: templater-templates\n          emptyDir: {}':
        '- name: templater-templates\n          emptyDir: {medium: Memory, sizeLimit: 8Mi}',
    }),
  ]);
  for (const namespace of Object.values(cases)) {
    await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available' });
  }
});

/** Waits for a line in the log of a sidecar of this application that has both, whichever pod it is in. */
async function told(namespace: TestNamespace, cause: RegExp, fix: RegExp): Promise<void> {
  await waitFor(
    async () => {
      for (const { name } of await podsOf(namespace, APP)) {
        const lines = (await namespace.logs(name, SIDECAR).catch(() => '')).split('\n');
        if (lines.some((line) => cause.test(line) && fix.test(line))) {
          return true;
        }
      }
      return false;
    },
    { what: `${cause} and ${fix} in a log`, ...PATIENT },
  );
}

/** The pod that was there from the start is Ready, was never restarted, and has its page. */
async function staysAsItWas(namespace: TestNamespace): Promise<void> {
  const oldest = async () => (await podsOf(namespace, APP))[0];
  // A machine with much else to do may be late for a readiness probe; what went wrong here lasts.
  await waitFor(async () => (await oldest())?.isReady, { what: 'the old pod to be Ready', ...PATIENT });
  const pod = await oldest();
  expect(pod?.isEnding).toBe(false);
  expect(pod?.containers[SIDECAR]?.restartCount).toBe(0);
  const answer = await httpGet(`http://${pod?.ip}:8080/page`);
  expect(answer.body).toContain('the old page');
}

/** The pods after the first are not Ready: a rollout does not go on with what is wrong. */
async function holdsBackTheNewPod(namespace: TestNamespace): Promise<void> {
  const [, fresh] = await waitFor(
    async () => {
      const pods = await podsOf(namespace, APP);
      return pods.length > 1 && pods;
    },
    { what: 'the new pod', ...PATIENT },
  );
  expect(fresh?.isReady).toBe(false);
}

async function restart(namespace: TestNamespace): Promise<void> {
  await namespace.kubectl(['rollout', 'restart', `deployment/${APP}`]);
}

// Side by side: most of each is waiting for the next sync.
describe.concurrent('the log or an event names the cause and the fix, and the old page stays,', () => {
  it('when the key in the Secret becomes one that the server does not know', async () => {
    const { privateKey } = await server.strangeKey();
    await cases.key.apply([server.secret(SECRET, { ssh: privateKey })]);
    await told(cases.key, /Permission denied \(publickey\)/, /check --ssh-key-file.* that the key may read/);
    await staysAsItWas(cases.key);
  });

  it('when known_hosts does not know the server, and when it has another key for it', async () => {
    const { host } = cases;
    const known_hosts = knownHosts(await server.strangeKey());
    await host.apply([
      server.secret(SECRET, { known_hosts: known_hosts.replace('github.com', 'elsewhere') }),
    ]);
    await told(host, /Host key verification failed/, /output of ssh-keyscan .* into the known_hosts/);
    await staysAsItWas(host);
    await host.apply([server.secret(SECRET, { known_hosts })]);
    await told(host, /REMOTE HOST IDENTIFICATION HAS CHANGED/, /find out whether it was replaced on purpose/);
    await staysAsItWas(host);
  });

  it('when the Secret is missing for a new pod', async () => {
    const { secret } = cases;
    await secret.kubectl(['delete', 'secret', SECRET]);
    await restart(secret);
    const events = async () =>
      secret.kubectl([
        'get',
        'events',
        '--output=jsonpath={range .items[*]}{.reason} {.message}{"\\n"}{end}',
      ]);
    const wanted = new RegExp(`FailedMount .*volume "${SECRET}" : secret "${SECRET}" not found`);
    await waitFor(async () => wanted.test(await events()), { what: 'an event about the Secret', ...PATIENT });
    await holdsBackTheNewPod(secret);
    await staysAsItWas(secret);
  });

  it('when the key is in the Secret under another name than ssh', async () => {
    const { entry } = cases;
    await entry.kubectl(['patch', 'secret', SECRET, '--patch={"data": {"ssh": null, "id_rsa": "eA=="}}']);
    await restart(entry);
    await told(
      entry,
      /\/etc\/git-secret\/ssh.*(No such file|ENOENT)/,
      /\/etc\/git-secret\/ssh does not exist: mount the Secret there, or name the key with --ssh-key-file/,
    );
    await holdsBackTheNewPod(entry);
    await staysAsItWas(entry);
  });

  it('when a new version asks for a branch that does not exist', async () => {
    await cases.ref.apply(replaced(manifest, { '--ref=master': '--ref=mastre' }));
    await told(cases.ref, /couldn't find remote ref mastre/, /check --ref/);
    await holdsBackTheNewPod(cases.ref);
    await staysAsItWas(cases.ref);
  });

  it('when a commit does not fit into the volume; and a smaller one is published again', async () => {
    const { volume } = cases;
    await roomy.commit({ 'large.bin': pseudoRandomBytes(20_000_000, 1) });
    await told(volume, /No space left on device/, /raise its size limit/);
    await staysAsItWas(volume);
    await roomy.commit({ 'large.bin': null, 'page.md': 'the new page\n' });
    const [pod] = await podsOf(volume, APP);
    await waitFor(async () => (await httpGet(`http://${pod?.ip}:8080/page`)).body.includes('the new page'), {
      what: 'the smaller commit',
      ...PATIENT,
    });
  });
});
