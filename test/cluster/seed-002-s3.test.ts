import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { provideTestImages } from './support/images.ts';
import { useNamespace } from './support/namespace.ts';
import { createS3, type S3InCluster } from './support/s3.ts';
import { prepareWebDav, type WebDav } from './support/webdav.ts';
import { podOf, podsOf } from './support/workloads.ts';

// The same WebDAV server with restic and a real S3 server in place of git: another repository in its ConfigMap, and the
// store's variables in Secrets.
const namespace = useNamespace('seed-002-s3', { podSecurity: 'restricted' });
const aside = useNamespace('seed-002-store');
const APP = 'webdav';
const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;
let s3: S3InCluster;
let webdav: WebDav;

const secret = (name: string, stringData: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

beforeAll(async () => {
  const images = await provideTestImages();
  s3 = await createS3(aside, images.gitServer);
  webdav = await prepareWebDav(namespace);
  const variables = { ...s3.variables, RESTIC_PASSWORD: 'not-a-real-one' };
  await namespace.apply([
    secret('webdav-git-read', { ssh: '', known_hosts: '' }),
    secret('webdav-git-write', { ssh: '', known_hosts: '' }),
    secret('webdav-store-read', variables),
    secret('webdav-store-write', variables),
  ]);
  const manifest = await exampleManifest('002-webdav/manifest.yaml', exampleImages(images));
  await namespace.apply(
    replaced(manifest, {
      'git+ssh://git@github.com/your-name/demo-data.git#main': s3.repository,
      // The store is new: the very first start is on an empty volume.
      'PILLION_BACKUP_NAME: webdav': 'PILLION_BACKUP_NAME: webdav\n  PILLION_RESTORE_ON_MISSING: allow',
    }),
  );
});

afterAll(() => webdav.remove());

it('does not start on an empty volume while the store is down, though it may when there is no backup', async () => {
  await waitFor(
    async () => {
      const [pod] = await podsOf(namespace, APP);
      const log = pod === undefined ? '' : await namespace.logs(pod.name, 'restore').catch(() => '');
      return /"level":"(?:warn|error)"/.test(log);
    },
    { what: 'the restore to say that it waits', ...PATIENT },
  );
  const { containers } = await podOf(namespace, APP);
  expect(containers[APP]?.state.waiting?.reason).toBe('PodInitializing');
  expect((await readdir(webdav.volume)).filter((name) => name !== '.pillion')).toEqual([]);
});

it('starts empty when the store surely has nothing, and stores what is put there', async () => {
  await s3.up();
  await waitFor(async () => (await podOf(namespace, APP)).containers[APP]?.state.running, {
    what: 'the server',
    ...PATIENT,
  });
  await waitFor(() => webdav.put('index.html', 'the first page').then(() => true), {
    what: 'a page',
    ...PATIENT,
  });
  await webdav.start();
  const { name } = await podOf(namespace, APP);
  const made = await namespace.exec(name, 'backup', ['pillion', 'backup', 'now', '--init']);
  expect(JSON.parse(made)).toMatchObject({ files: 1 });
});

it('gives it back when pod and volume are lost', async () => {
  await webdav.put('folder/late.txt', 'put after the backup');
  await webdav.stop(); // which stores it once more
  await webdav.wipe();
  await webdav.start();
  expect((await webdav.get('index.html')).body).toBe('the first page');
  expect((await webdav.get('folder/late.txt')).body).toBe('put after the backup');
});
