/** `pillion injector`, asked over TLS as an API server asks. */
import { readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import jsonPatch from 'fast-json-patch';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runPillion } from '../../support/pillion.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type Answer, ASKS, podOf, reviewOf, startInjector } from './support/injector.ts';

const temp = useTempDir();

async function highWaterMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

interface ReviewResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly patchType?: string;
  readonly warnings?: readonly string[];
  readonly status?: { readonly code: number; readonly message: string };
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

function responseOf({ text }: Answer): ReviewResponse {
  return (JSON.parse(text) as { response: ReviewResponse }).response;
}

/** The pod as the API server will have it: the patch applied by somebody else's library. */
function patched(pod: object, { patch = '' }: ReviewResponse): unknown {
  const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
  const copy: unknown = structuredClone(pod);
  return jsonPatch.applyPatch(copy, operations as jsonPatch.Operation[], true).newDocument;
}

describe('a pod', () => {
  test('that asks gets the same as offline, in both versions of the review', async () => {
    const injector = await startInjector(temp.path);
    const pod = podOf(ASKS);
    const offline = await runPillion(['inject', '-o', 'json'], { input: JSON.stringify(pod) });
    for (const version of ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1']) {
      const review = reviewOf(pod, {}, version);
      const answer = await injector.post(review);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toMatchObject({ apiVersion: version, kind: 'AdmissionReview' });
      const response = responseOf(answer);
      expect(response).toMatchObject({
        uid: (JSON.parse(review) as { request: { uid: string } }).request.uid,
        allowed: true,
        patchType: 'JSONPatch',
        auditAnnotations: { reason: 'injected' },
      });
      expect(patched(pod, response)).toEqual(JSON.parse(offline.stdout));
    }
  });

  test('that does not ask, or says no, stays as it is', async () => {
    const injector = await startInjector(temp.path);
    for (const [annotations, reason] of [
      [{}, 'not-asked'],
      [{ 'pillion.dev/inject': 'none' }, 'opted-out'],
    ] as const) {
      const response = responseOf(await injector.post(reviewOf(podOf(annotations))));
      expect(response).toMatchObject({ allowed: true, auditAnnotations: { reason } });
      expect(response).not.toHaveProperty('patch');
      expect(response).not.toHaveProperty('patchType');
    }
  });

  test('of a namespace whose label names a profile gets it, unless it says no', async () => {
    const injector = await startInjector(temp.path);
    const path = '/mutate/namespace/label?timeout=5s';
    const asked = responseOf(await injector.post(reviewOf(podOf({})), { path }));
    expect(asked.auditAnnotations?.['instances']).toMatch(/^label=label@/);
    const refused = responseOf(
      await injector.post(reviewOf(podOf({ 'pillion.dev/inject': 'none' })), { path }),
    );
    expect(refused.auditAnnotations).toEqual({ reason: 'opted-out' });
  });

  test('with a misspelt parameter is refused in words: key, value, what is allowed', async () => {
    const injector = await startInjector(temp.path);
    const pod = podOf({ ...ASKS, 'pillion.dev/git-sync.perod': '10s' });
    const response = responseOf(await injector.post(reviewOf(pod)));
    expect(response).toMatchObject({ allowed: false, status: { code: 422 } });
    expect(response.status?.message).toMatch(/git-sync\.perod.*period/);
    expect(response.status?.message.length).toBeLessThanOrEqual(256);
    const line = await injector.running.waitForLog('"refused"');
    expect(JSON.parse(line)).toMatchObject({
      reason: 'unknown-parameter',
      name: 'web-5d4f8-<new>',
      namespace: 'shop',
    });
    const metrics = await injector.get('/metrics');
    expect(metrics.text).toContain(
      'pillion_injector_reviews_total{webhook="mutate",result="refused",reason="unknown-parameter"} 1',
    );
  });

  test('asking for a profile that is for other namespaces is refused', async () => {
    const injector = await startInjector(temp.path, ['--allow=git-sync=dev,test']);
    const response = responseOf(await injector.post(reviewOf(podOf(ASKS))));
    expect(response).toMatchObject({ allowed: false, auditAnnotations: { reason: 'profile-not-allowed' } });
    const allowed = await injector.post(reviewOf(podOf(ASKS), { namespace: 'dev' }));
    expect(responseOf(allowed)).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
  });
});

test('an image that is not allowed is put into no pod; which profiles that keeps from being used is told at the start', async () => {
  const injector = await startInjector(temp.path, ['--allow-image=registry.example/other,nginx']);
  const told = JSON.parse(await injector.running.waitForLog('"profiles with images that may not be used"'));
  expect(told).toMatchObject({ allowed: ['registry.example/other', 'nginx'] });
  expect(told.refused).toContainEqual({
    profile: 'git-sync',
    image: expect.stringMatching(/^registry\.example\/pillion:/),
  });
  const response = responseOf(await injector.post(reviewOf(podOf(ASKS))));
  expect(response).toMatchObject({
    allowed: false,
    status: { code: 422 },
    auditAnnotations: { reason: 'image-not-allowed' },
  });
  expect(response.patch).toBeUndefined();
  expect(response.status?.message).toContain('allowed are registry.example/other, nginx');
  const metrics = await injector.get('/metrics');
  expect(metrics.text).toContain(
    'pillion_injector_reviews_total{webhook="mutate",result="refused",reason="image-not-allowed"} 1',
  );
  const label = responseOf(await injector.post(reviewOf(podOf({ 'pillion.dev/inject': 'label' }))));
  expect(label).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
});

describe('a workload', () => {
  test('is advised of what its pods would be refused for, and never refused itself', async () => {
    const injector = await startInjector(temp.path);
    const deployment = (annotations: object) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        template: { metadata: { annotations }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
      },
    });
    const path = '/advise?timeout=2s';
    const bad = reviewOf(deployment({ 'pillion.dev/inject': 'gitsync' }));
    const response = responseOf(await injector.post(bad, { path }));
    expect(response.allowed).toBe(true);
    expect(response.warnings).toEqual([expect.stringMatching(/its pods will be refused: .*git-sync/)]);
    const good = responseOf(await injector.post(reviewOf(deployment(ASKS)), { path }));
    expect(good).not.toHaveProperty('warnings');
  });
});

describe('a request that is no review', () => {
  test('is answered with what is wrong, whatever it is', async () => {
    const injector = await startInjector(temp.path);
    const deep = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"a","object":${'['.repeat(200_000)}`;
    for (const body of ['', '{', 'null', '[]', '"x"', deep, '{"kind":"AdmissionReview"}', '{"request":{}}']) {
      expect((await injector.post(body)).status, body.slice(0, 40)).toBe(400);
    }
    const huge = Buffer.alloc((8 << 20) + 1, 0x20);
    expect((await injector.post(huge)).status).toBe(413);
    expect((await injector.post('{}', { path: '/other' })).status).toBe(404);
    // It is all there still.
    expect((await injector.post(reviewOf(podOf(ASKS)))).status).toBe(200);
  });

  test('and would be much more in memory than it is in bytes is refused, and holds nobody up', async () => {
    const injector = await startInjector(temp.path);
    const filled = (item: string) =>
      `[${Array.from({ length: (7 << 20) / (item.length + 1) }, () => item).join()}]`;
    const bombs = [
      [filled('{}'), 413],
      [filled('{"a":[1.5]}'), 413],
      ['['.repeat(8 << 20), 400],
    ] as const;
    const isServed = async () => (await injector.post(reviewOf(podOf(ASKS)))).status === 200;
    expect(await isServed()).toBe(true);
    const before = await highWaterMiB(injector.running.pid);
    for (const [bomb, status] of bombs) {
      const answers = await Promise.all([1, 2, 3].map(() => injector.post(bomb)));
      expect(answers.map((answer) => answer.status)).toEqual([status, status, status]);
      expect(answers[0]?.text).toMatch(
        /^the body has (?:more than 400000 values|lists and objects nested more than)/,
      );
      expect(await isServed()).toBe(true);
    }
    expect((await highWaterMiB(injector.running.pid)) - before).toBeLessThan(128);
  });

  test('of somebody who is slow, or who goes away, costs the others nothing', async () => {
    const injector = await startInjector(temp.path);
    const slow = connect({ port: injector.port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void slow.destroy());
    slow.on('error', () => undefined);
    await new Promise((resolve) => slow.once('secureConnect', resolve));
    slow.write('POST /mutate?timeout=1s HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{');
    const silent = connectPlain({ port: injector.port, host: '127.0.0.1' });
    onTestFinished(() => void silent.destroy());
    silent.on('error', () => undefined);
    const answered = new Promise<string>((resolve) => {
      slow.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect((await injector.post(reviewOf(podOf(ASKS)))).status).toBe(200);
    expect(await answered).toMatch(/^HTTP\/1\.1 503 /);
    await waitFor(
      async () => (await injector.get('/metrics')).text.includes('requests_rejected_total{reason="late"} 1'),
      { what: 'the late request to be counted' },
    );
  });

  test('of a crowd that sends in drops, in small bodies or in large ones, shuts nobody out', async () => {
    const injector = await startInjector(temp.path);
    const crowd = async (count: number, length: number) => {
      const all = Array.from({ length: count }, () => {
        const one = connect({ port: injector.port, host: '127.0.0.1', rejectUnauthorized: false });
        one.on('error', () => undefined).resume();
        onTestFinished(() => void one.destroy());
        return new Promise<void>((resolve) => {
          one.once('secureConnect', () => {
            one.write(
              `POST /mutate?timeout=30s HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n{`,
              () => resolve(),
            );
          });
          one.once('close', () => resolve());
        });
      });
      await Promise.all(all);
    };
    const isServed = async () => (await injector.post(reviewOf(podOf(ASKS)))).status === 200;
    await crowd(600, 100);
    await waitFor(isServed, { what: 'an answer while many small bodies come in' });
    expect((await injector.get('/readyz')).status).toBe(200);
    await crowd(20, 8 << 20);
    await waitFor(isServed, { what: 'an answer while large bodies come in' });
    for (let at = 0; at < 20; at += 1) {
      expect(await isServed()).toBe(true);
    }
  });
});

describe('the server', () => {
  test('is not ready with a certificate that is not for its Service, and keeps one that is', async () => {
    const injector = await startInjector(temp.path, ['--namespace=shop']);
    const wrong = await injector.get('/readyz');
    expect(wrong.status).toBe(503);
    expect(wrong.text).toContain('it is not for pillion-injector.shop.svc');
    await injector.renew('*.shop.svc', '127.0.0.1');
    await waitFor(async () => (await injector.get('/readyz')).status === 200, { what: 'the right one' });
    await injector.renew('pillion-injector.pillion.svc', '127.0.0.1');
    await injector.running.waitForLog('it is not for pillion-injector.shop.svc');
    expect((await injector.get('/readyz')).status).toBe(200);
  });

  test('shows a new certificate though a pipe, a file without an end or an expired one stood in its place', async () => {
    const injector = await startInjector(temp.path);
    const put = async (make: (path: string) => Promise<unknown>) => {
      const path = `${injector.certFile}.new`;
      await make(path);
      await rename(path, injector.certFile);
    };
    await put((path) => runProgram('mkfifo', [path]));
    await injector.running.waitForLog('there is no certificate in it');
    await put((path) => symlink('/dev/zero', path));
    await injector.running.waitForLog('"certificate_unreadable"');
    const { cert, key } = injector.authority.issueExpired('pillion-injector.pillion.svc');
    await put((path) => writeFile(path, key + cert));
    await injector.running.waitForLog('it has expired');
    expect((await injector.get('/readyz')).status).toBe(200);
    await injector.renew('other.example', 'pillion-injector.pillion.svc', '127.0.0.1');
    await injector.running.waitForLog('certificate replaced');
    expect((await injector.post(reviewOf(podOf({})))).status).toBe(200);
  });

  test('shows a new certificate as soon as it is there, and keeps the old one while the new one is wrong', async () => {
    const injector = await startInjector(temp.path);
    await writeFile(`${injector.certFile}.new`, 'no certificate\n');
    await rename(`${injector.certFile}.new`, injector.certFile);
    await injector.running.waitForLog('the one in use stays');
    expect((await injector.post(reviewOf(podOf({})))).status).toBe(200);
    await injector.renew('other.example', 'pillion-injector.pillion.svc', '127.0.0.1');
    await injector.running.waitForLog('certificate replaced');
    expect((await injector.post(reviewOf(podOf({})))).status).toBe(200);
    const status = JSON.parse((await injector.get('/status')).text) as { certificate: { names: string[] } };
    expect(status.certificate.names).toContain('other.example');
  });

  test('takes a profile that is put into its folder, and keeps the last good version of one that goes bad', async () => {
    const profile = join(temp.path, 'own.yaml');
    const text = (value: string) =>
      `apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata:\n  name: team\nspec:\n  labels:\n    team: ${value}\n`;
    await writeFile(profile, text('a'));
    const injector = await startInjector(temp.path, [`--profiles=${profile}`]);
    const ask = async () =>
      responseOf(await injector.post(reviewOf(podOf({ 'pillion.dev/inject': 'team' }))));
    expect((await ask()).patchType).toBe('JSONPatch');
    await writeFile(`${profile}.new`, text('[1]'));
    await rename(`${profile}.new`, profile);
    await injector.running.waitForLog('a profile is wrong');
    expect((await ask()).patchType).toBe('JSONPatch');
    expect((await injector.get('/metrics')).text).toContain('pillion_injector_bad_profiles 1');
  });

  test('that is asked to end loses no request: unready, answers that end connections, then nothing', async () => {
    const injector = await startInjector(temp.path, ['--drain=60s']);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    onTestFinished(() => agent.destroy());
    expect((await injector.get('/readyz')).status).toBe(200);
    const stopping = new AbortController();
    const states: string[] = [];
    const load = async (): Promise<void> => {
      while (!stopping.signal.aborted || states.length < 20) {
        const answer = await injector.post(reviewOf(podOf(ASKS)), { agent });
        expect(answer.status).toBe(200);
        if (stopping.signal.aborted) {
          states.push(String(answer.headers.connection));
        }
      }
    };
    const loads = Promise.all([load(), load(), load(), load()]);
    injector.running.signal('SIGTERM');
    await injector.running.waitForLog('"draining"');
    stopping.abort();
    expect((await injector.get('/readyz')).status).toBe(503);
    await loads;
    expect(states.slice(4)).toEqual(states.slice(4).map(() => 'close'));
    // A second signal ends the drain.
    injector.running.signal('SIGTERM');
    expect(await injector.running.exit).toMatchObject({ signal: 'SIGTERM' });
  });

  test('keeps an idle connection longer than the 90 seconds of an API server, for one request after another', async () => {
    const injector = await startInjector(temp.path);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number | undefined>();
    agent.on('free', (socket: Socket) => ports.add(socket.localPort));
    for (let at = 0; at < 200; at += 1) {
      const { status, headers } = await injector.post(reviewOf(podOf(ASKS)), { agent });
      expect(status).toBe(200);
      const [, seconds] = /timeout=(\d+)/.exec(String(headers['keep-alive'])) ?? [];
      expect(Number(seconds)).toBeGreaterThan(90);
    }
    expect(ports.size).toBe(1);
  });

  test('without a certificate says what it needs', async () => {
    const { code, stderr } = await runPillion(['injector']);
    expect(code).toBe(2);
    expect(stderr).toContain('--tls-cert-file');
    const missing = await runPillion(['injector', `--tls-cert-file=${join(temp.path, 'absent')}`]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/cannot read .*absent.*ENOENT/);
  });
});
