/** Certificates of our own: replicas that share an authority, and clients that trust what the webhooks say. */
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { memberAt } from '../../../src/kubernetes/json.ts';
import { startPillion } from '../../support/pillion.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  type ApiServer,
  MUTATING_PATH,
  SECRET_PATH,
  startApiServer,
  VALIDATING_PATH,
} from './support/api-server.ts';
import { ASKS, podOf, reviewOf } from './support/injector.ts';
import { isReady, type Replica, startReplica } from './support/replica.ts';

/** What the webhooks trust, one text for each entry. */
function bundles({ objects }: ApiServer): string[] {
  return [MUTATING_PATH, VALIDATING_PATH].flatMap((path) => {
    const { webhooks } = objects.get(path) as unknown as { webhooks: object[] };
    return webhooks.map((entry) => {
      const encoded = memberAt(entry, 'clientConfig', 'caBundle');
      return Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64').toString('utf8');
    });
  });
}

/** Asks as an API server does: it trusts the bundle and expects the name of the Service. */
function ask({ port }: Replica, ca: string): Promise<number> {
  const body = reviewOf(podOf(ASKS));
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        ca,
        servername: 'pillion-injector.pillion.svc',
        path: '/mutate?timeout=5s',
        method: 'POST',
        headers,
        agent: false,
      },
      (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.once('error', reject).end(body);
  });
}

describe('replicas that start together on nothing', () => {
  test('make one authority, publish it in every entry, and are trusted', async () => {
    const api = await startApiServer();
    const replicas = await Promise.all(Array.from({ length: 5 }, () => startReplica(api)));
    await waitFor(async () => (await Promise.all(replicas.map(isReady))).every(Boolean), {
      what: 'every replica to be ready',
    });
    const published = bundles(api);
    expect(published).toHaveLength(3);
    expect(new Set(published).size).toBe(1);
    for (const replica of replicas) {
      expect(await ask(replica, published[0] ?? '')).toBe(200);
    }
    expect(api.writes.filter((method) => method === 'POST')).toHaveLength(1);
    expect(api.writes.length).toBeLessThanOrEqual(2 * replicas.length);
  });
});

describe('a replica', () => {
  test('puts the bundle back where somebody has taken it out', async () => {
    const api = await startApiServer();
    const replica = await startReplica(api, ['--certificate-life=20s']);
    await waitFor(() => isReady(replica), { what: 'the replica to be ready' });
    const before = api.objects.get(MUTATING_PATH);
    const reset = JSON.parse(JSON.stringify(before)) as { webhooks: { clientConfig: object }[] };
    for (const entry of reset.webhooks) {
      entry.clientConfig = { ...entry.clientConfig, caBundle: undefined };
    }
    api.objects.set(MUTATING_PATH, reset as never);
    await waitFor(() => new Set(bundles(api)).size === 1 && bundles(api)[0] !== '', {
      what: 'the bundle to be there again',
    });
  });

  test('serves on with what it has while the API server refuses, and says what to do', async () => {
    const api = await startApiServer();
    const replica = await startReplica(api, ['--certificate-life=20s']);
    await waitFor(() => isReady(replica), { what: 'the replica to be ready' });
    const [bundle = ''] = bundles(api);
    api.failWith = 403;
    const line = await replica.running.waitForLog('cannot be kept');
    expect(line).toMatch(/api_refused.*injector manifest/);
    expect(await ask(replica, bundle)).toBe(200);
    api.failWith = undefined;
    await replica.running.waitForLog('can be kept again');
    expect(replica.running.stderr()).not.toContain('PRIVATE KEY');
  });

  test('without a cluster says how to name a certificate', async () => {
    const running = await startPillion(['injector', '--http-bind=127.0.0.1:0']);
    expect(await running.exit).toMatchObject({ code: 2 });
    expect(running.stderr()).toContain('--tls-cert-file');
    await running.stop();
  });
});

describe('an authority that comes to its end', () => {
  test('is replaced under load without one refused handshake, by two replicas', async () => {
    const api = await startApiServer();
    const args = ['--ca-life=30s', '--certificate-life=6s'];
    const replicas = [await startReplica(api, args), await startReplica(api, args)];
    await waitFor(async () => (await Promise.all(replicas.map(isReady))).every(Boolean), {
      what: 'both replicas to be ready',
    });
    const authorityOf = () => {
      const secret = api.objects.get(SECRET_PATH) as unknown as { data: Record<string, string> };
      const pem = Buffer.from(secret.data['ca.crt'] ?? '', 'base64').toString('utf8');
      return new X509Certificate(pem).subject;
    };
    const first = authorityOf();
    const statuses = new Map<string, number>();
    const rotated = new AbortController();
    const load = async (replica: Replica): Promise<void> => {
      while (!rotated.signal.aborted) {
        // Read for each request: what the API server trusts at this moment.
        const status = await ask(replica, bundles(api)[0] ?? '').then(String, String);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await delay(25);
      }
    };
    const loads = Promise.all(replicas.map(load));
    await waitFor(() => authorityOf() !== first, {
      what: 'another authority to sign',
      timeoutMs: 120_000,
    });
    await waitFor(() => (bundles(api)[0]?.split('BEGIN CERTIFICATE').length ?? 0) === 2, {
      what: 'the old authority to be dropped',
      timeoutMs: 120_000,
    });
    rotated.abort();
    await loads;
    expect([...statuses.keys()]).toEqual(['200']);
    expect(statuses.get('200')).toBeGreaterThan(50);
  });
});
