import { beforeAll, expect, it } from 'vitest';
import { resolveName } from './support/dns.ts';
import { memoryUse } from './support/memory.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { restrictedPod } from './support/pods.ts';

// What the other tests of this folder build on: Services, names, exec, memory.
const namespace = useNamespace('harness');
const server = "require('node:http').createServer((_, answer) => answer.end('hello')).listen(8080)";
// kube-proxy and the DNS learn of a change in their own time.
const PATIENT = { timeout: 120_000, interval: 200 } as const;
const fetchText = (url: string): string[] => [
  'node',
  '-e',
  `fetch('${url}').then((answer) => answer.text()).then(console.log)`,
];

beforeAll(async () => {
  const pod = restrictedPod({ name: 'server', command: ['node', '-e', server] });
  await namespace.apply([
    { ...pod, metadata: { name: 'server', labels: { app: 'server' } } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'greeter' },
      spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ]);
  await namespace.waitFor('pod/server', { until: 'condition=Ready' });
});

it('reaches a pod through its Service, from the node', async () => {
  const address = await namespace.get('service/greeter', '.spec.clusterIP');
  await expect
    .poll(async () => httpGet(`http://${address}/`), PATIENT)
    .toEqual({ status: 200, body: 'hello' });
});

it('reaches a Service by its name, from a pod, and also when that is the pod behind it', async () => {
  const names = ['greeter', `greeter.${namespace.name}.svc.cluster.local`];
  for (const name of names) {
    const ask = async () => namespace.tryExec('server', 'main', fetchText(`http://${name}/`));
    await expect.poll(async () => (await ask()).stdout.trim(), PATIENT).toBe('hello');
  }
});

it('gives a name of the outside world to a Service', async () => {
  await resolveName('outside.example.org', await namespace.get('service/greeter', '.spec.clusterIP'));
  const ask = async () => namespace.tryExec('server', 'main', fetchText('http://outside.example.org/'));
  await expect.poll(async () => (await ask()).stdout.trim(), PATIENT).toBe('hello');
});

it('counts the memory of a running container', async () => {
  const { peakBytes, anonymousBytes } = await memoryUse(namespace, 'server', 'main');
  expect(anonymousBytes).toBeGreaterThan(5_000_000);
  expect(peakBytes).toBeGreaterThanOrEqual(anonymousBytes);
});

it('has no answer from where nothing listens', async () => {
  const address = await namespace.get('pod/server', '.status.podIP');
  expect(await httpGet(`http://${address}:81/`)).toEqual({ status: 0, body: '' });
});
