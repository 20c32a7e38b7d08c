import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHttpServer } from '../../core/http/server.ts';
import { tlsServer } from '../../core/http/tls-server.ts';
import type { Scope } from '../../core/process/run-process.ts';
import { servedOf } from './certificates/pem.ts';
import type { CertificateSource } from './certificates/source.ts';
import { makeAuthority, makeLeaf } from './certificates/x509.lazy.ts';
import { handshakeProblem, ownAddress } from './handshake.ts';
import { createHealth } from './health.ts';
import type { ProfileStore } from './profiles/store.ts';

const address = (of: Partial<NetworkInterfaceInfo>): NetworkInterfaceInfo =>
  ({ internal: false, family: 'IPv4', address: '10.1.2.3', ...of }) as NetworkInterfaceInfo;
const LOOPBACK = [
  address({ internal: true, address: '127.0.0.1' }),
  address({ internal: true, family: 'IPv6', address: '::1' }),
];

describe('the address of a handshake with oneself', () => {
  it('is the one that others reach, and not loopback, where all are listened on', () => {
    const pod = { lo: LOOPBACK, eth0: [address({ address: '10.1.2.3' })] };
    expect(ownAddress('::', pod)).toBe('10.1.2.3');
    expect(ownAddress('0.0.0.0', pod)).toBe('10.1.2.3');
    const six = {
      lo: LOOPBACK,
      eth0: [
        address({ family: 'IPv6', address: 'fe80::1', scopeid: 2 }),
        address({ family: 'IPv6', address: 'fd00::5' }),
      ],
    };
    expect(ownAddress('::', six)).toBe('fd00::5');
    expect(ownAddress('0.0.0.0', six)).toBe('127.0.0.1');
  });

  it('is the one that is listened on, where it is named, and loopback where there is no other', () => {
    expect(ownAddress('10.9.9.9', { eth0: [address({})] })).toBe('10.9.9.9');
    expect(ownAddress('127.0.0.1', { eth0: [address({})] })).toBe('127.0.0.1');
    expect(ownAddress('::', { lo: LOOPBACK })).toBe('::1');
    expect(ownAddress('0.0.0.0', {})).toBe('127.0.0.1');
  });
});

describe('a handshake with oneself', () => {
  const NAME = 'pillion-injector.pillion.svc';

  async function authority() {
    const now = Date.now();
    const made = await makeAuthority(now, 3_600_000);
    const { cert, key } = await makeLeaf({ authority: made, names: [NAME], now, lifeMs: 600_000 });
    return { bundle: made.cert, served: servedOf(cert, key) };
  }

  it('is what readiness waits for, as long as it is not known whether it succeeds', async () => {
    const { bundle, served } = await authority();
    const server = await startHttpServer({ bind: '127.0.0.1:0', routes: [], tls: tlsServer(served) });
    onTestFinished(() => server.close());
    const end = new AbortController();
    const health = createHealth(
      {
        certificates: { trustedBundle: () => bundle } as CertificateSource,
        store: { problem: () => undefined } as ProfileStore,
      },
      {
        clock: { now: () => Date.now(), sleep: async () => end.abort() },
        lifecycle: { signal: new AbortController().signal },
      } as unknown as Scope,
    );
    health.serving(served, server);
    expect(health.ready()).toEqual({ ok: false, reason: 'no handshake of our own yet' });
    await health.follow(end.signal);
    expect(health.ready()).toEqual({ ok: true, reason: undefined });
  });

  it('fails under another name, with another bundle, and where nobody listens', async () => {
    const { bundle, served } = await authority();
    const { bundle: foreign } = await authority();
    const server = await startHttpServer({ bind: '127.0.0.1:0', routes: [], tls: tlsServer(served) });
    const { host, port } = server;
    expect(await handshakeProblem({ host, port, name: NAME, bundle })).toBeUndefined();
    expect(await handshakeProblem({ host, port, name: 'other.pillion.svc', bundle })).toMatch(/fails/);
    expect(await handshakeProblem({ host, port, name: NAME, bundle: foreign })).toMatch(/fails/);
    await server.close();
    expect(await handshakeProblem({ host, port, name: NAME, bundle })).toMatch(/fails/);
  });
});
