import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { waitFor } from '../support/wait-for.ts';
import { diagnose } from './support/diagnosis.ts';
import { imageUnderTest } from './support/environment.ts';
import { exampleImages, exampleManifest } from './support/examples.ts';
import { createGitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, TestNamespace, useNamespace } from './support/namespace.ts';
import { startRegistry } from './support/registry.ts';
import { podsOf } from './support/workloads.ts';

// Web servers whose pages come from a git repository: the manifest of examples/001-nginx-git-sync as it stands. It says
// `namespace: default` and `imagePullPolicy: Always`, so it runs there, and its image comes from a registry.
const aside = useNamespace('seed-001');
const namespace = new TestNamespace('default');
const APP = 'git-sync-demo';
const PATIENT = { timeoutMs: 240_000, intervalMs: 200 } as const;
const POLL = { timeout: PATIENT.timeoutMs, interval: PATIENT.intervalMs } as const;
const NODE_ADDRESS = '192.0.2.10';
let repository: GitRepository;

function page(version: string): string {
  return `<!DOCTYPE html>
<html>
  <head>
    <title>Hello git-sync demo</title>
  </head>
  <body>
    <h1>Hello git-sync demo ${version}</h1>
  </body>
</html>
`;
}

beforeAll(async () => {
  const images = await provideTestImages();
  const [server, registry] = await Promise.all([
    createGitServer(aside, images.gitServer),
    startRegistry(imageUnderTest()),
  ]);
  repository = await server.repository('ddiiwoong/git-sync-demo');
  await repository.commit({ 'index.html': page('v1.0') });
  await server.up();
  await namespace.apply([server.secret('git-creds')]);
  const pillion = registry.nameOf(imageUnderTest());
  await namespace.apply(
    await exampleManifest('001-nginx-git-sync/manifest.yaml', exampleImages(images, pillion)),
  );
  await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available' });
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    console.error(await diagnose(namespace.name));
  });
});

afterAll(async () => {
  const all = [`deployment/${APP}`, `service/${APP}`, 'secret/git-creds'];
  await namespace.kubectl(['delete', ...all, '--ignore-not-found', '--wait=false']);
});

/** Until both web servers answer with this version and show the seed's listing, with this revision and no other. */
async function expectShown(version: string, hash: string): Promise<void> {
  const pods = await podsOf(namespace, APP);
  expect(pods).toHaveLength(2);
  await Promise.all(
    pods.map(async ({ name, ip }) => {
      await waitFor(async () => (await httpGet(`http://${ip}/`)).body.includes(version), {
        what: `${version} from ${name}`,
        ...PATIENT,
      });
      // The old revision goes a moment after the link has left it.
      const list = 'cd /usr/share/nginx && ls -al && cat ./html/index.html';
      await expect
        .poll(async () => namespace.exec(name, 'nginx', ['sh', '-c', list]), POLL)
        .toMatch(listing(hash));
    }),
  );
}

// The listing in the seed, line by line; owner and group are shown by number where nobody has them as a name.
function listing(hash: string): RegExp {
  return new RegExp(
    [
      '^total \\d+',
      'drwxrwsrwx +4 root +\\S+ .* \\.',
      'drwxr-xr-x .* \\.\\.',
      'drwxr-sr-x .* 65533 +\\S+ .* \\.git',
      `lrwxrwxrwx .* 65533 +\\S+ +44 .* html -> rev-${hash}`,
      `drwxr-sr-x +2 65533 +\\S+ .* rev-${hash}`,
      '<!DOCTYPE html>',
    ].join('\n'),
  );
}

it('shows the page and the folder of the seed in both pods, and the page on the port of the node', async () => {
  await expectShown('v1.0', await repository.hash('master'));
  const port = await namespace.get(`service/${APP}`, '.spec.ports[0].nodePort');
  // kube-proxy opens the port in its own time.
  const answer = await waitFor(
    async () => {
      const got = await httpGet(`http://${NODE_ADDRESS}:${port}/`);
      return got.status !== 0 && got;
    },
    { what: 'an answer on the port of the node', ...PATIENT },
  );
  expect(answer).toEqual({ status: 200, body: page('v1.0') });
});

it('shows a commit in both pods, with the new revision in place of the old one', async () => {
  const hash = await repository.commit({ 'index.html': page('v1.1') });
  await expectShown('v1.1', hash);
});
