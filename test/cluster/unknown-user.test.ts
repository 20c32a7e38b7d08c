import { beforeAll, expect, it } from 'vitest';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, withRepositoriesAt } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { UNKNOWN_UID } from './support/pods.ts';
import { podOf } from './support/workloads.ts';

// examples/001-nginx-git-sync/today.yaml with a user that the image does not know, as OpenShift gives to a pod. git and
// ssh refuse to run for a user without a name, and nobody may write to /etc/passwd.
const aside = useNamespace('unknown-user-git');
const namespace = useNamespace('unknown-user', { podSecurity: 'restricted' });
const HOST = 'unknown.example.net';
const APP = 'git-sync-demo';
const SIDECAR = 'git-sync';

beforeAll(async () => {
  const images = await provideTestImages();
  const server = await createGitServer(aside, images.gitServer, { host: HOST });
  const repository = await server.repository('ddiiwoong/git-sync-demo');
  await repository.commit({ 'index.html': 'the page\n' });
  await server.up();
  await namespace.apply([server.secret('git-creds')]);
  const manifest = withRepositoriesAt(
    HOST,
    await exampleManifest('001-nginx-git-sync/today.yaml', exampleImages(images)),
  );
  await namespace.apply(replaced(manifest, { '65533': `${UNKNOWN_UID}`, 'replicas: 2': 'replicas: 1' }));
  await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available' });
});

it('syncs over SSH as a user without a passwd entry, on a read-only root', async () => {
  const { name, ip } = await podOf(namespace, APP);
  expect((await httpGet(`http://${ip}:8080/`)).body).toBe('the page\n');
  const tell = 'id -u; getent passwd "$(id -u)" || echo unknown; test -w /etc/passwd || echo read-only';
  const told = await namespace.exec(name, SIDECAR, ['sh', '-c', tell]);
  expect(told.split('\n')).toEqual([`${UNKNOWN_UID}`, 'unknown', 'read-only']);
});
