import { beforeAll, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { pseudoRandomBytes } from '../support/large-repository.ts';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, withRepositoriesAt } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { watchMemory } from './support/memory.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { podOf } from './support/workloads.ts';

// examples/001-nginx-git-sync/today.yaml with a repository of 100 MB: its memory limit is the example's.
const aside = useNamespace('large-git');
const namespace = useNamespace('large', { podSecurity: 'restricted' });
const HOST = 'large.example.net';
const APP = 'git-sync-demo';
const SIDECAR = 'git-sync';
const REPOSITORY = 'ddiiwoong/git-sync-demo';
const MIB = 2 ** 20;
let repository: GitRepository;
let manifest: string;

function randomFiles(from: number, to: number, bytes: number): Record<string, Uint8Array> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return Object.fromEntries(
    numbers.map((number) => [`data/${number}.bin`, pseudoRandomBytes(bytes, number)]),
  );
}

beforeAll(async () => {
  const images = await provideTestImages();
  const server = await createGitServer(aside, images.gitServer, { host: HOST });
  repository = await server.repository(REPOSITORY);
  await repository.commit({
    'index.html': 'version one\n',
    ...randomFiles(0, 600, 100_000),
    ...randomFiles(600, 604, 10_000_000),
  });
  await server.up();
  await namespace.apply([server.secret('git-creds')]);
  const example = withRepositoriesAt(
    HOST,
    await exampleManifest('001-nginx-git-sync/today.yaml', exampleImages(images)),
  );
  manifest = replaced(example, { 'replicas: 2': 'replicas: 1' });
});

it('syncs a repository of 100 MB within 64 MiB, at the start and after a push', async () => {
  await namespace.apply(manifest);
  const { name } = await waitFor(async () => podOf(namespace, APP), { what: 'the pod', timeoutMs: 120_000 });
  const memory = watchMemory(namespace, name, SIDECAR);
  await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available', timeoutSeconds: 400 });
  const { ip } = await podOf(namespace, APP);
  expect((await httpGet(`http://${ip}:8080/`)).body).toBe('version one\n');
  await repository.commit({ ...randomFiles(1000, 1200, 100_000), 'index.html': 'version two\n' });
  await waitFor(async () => (await httpGet(`http://${ip}:8080/`)).body === 'version two\n', {
    what: 'the second version',
    timeoutMs: 180_000,
    intervalMs: 300,
  });
  const { limitBytes, peakBytes, anonymousBytes, oomKills } = await memory.stop();
  const [own, all] = [anonymousBytes, peakBytes].map((bytes) => (bytes / MIB).toFixed(1));
  console.log(`100 MB in 64 MiB: at most ${own} MiB of its own memory, ${all} MiB with page cache`);
  expect({ limitBytes, oomKills }).toEqual({ limitBytes: 64 * MIB, oomKills: 0 });
  expect(anonymousBytes).toBeGreaterThan(5_000_000);
  expect(anonymousBytes).toBeLessThan(limitBytes);
  const after = await podOf(namespace, APP);
  expect(after).toMatchObject({ name, isReady: true });
  expect(after.containers[SIDECAR]?.restartCount).toBe(0);
  expect(after.containers[SIDECAR]?.lastState).toEqual({});
});
