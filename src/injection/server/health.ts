/** Whether the webhooks can be called, and what the plain endpoint tells of them. */
import { type HealthCheck, sharedRoutes, startHttpServer } from '../../core/http/server.ts';
import { readMetrics } from '../../core/metrics/metrics.ts';
import type { Scope } from '../../core/process/run-process.ts';
import type { CertificateSource, Served } from './certificates/source.ts';
import { handshakeProblem } from './handshake.ts';
import { INJECTOR_GAUGES } from './metrics.ts';
import type { PodScan } from './pods/scan.ts';
import type { ProfileStore } from './profiles/store.ts';
import type { Recent } from './recent.ts';

const HANDSHAKE_MS = 5_000;

export interface Health {
  /** This certificate is shown on this port from now on. */
  serving(served: Served, port: number): void;
  served(): Served | undefined;
  ready(): HealthCheck;
  /** Makes a handshake of our own again and again, with what clients trust. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface Judged {
  readonly certificates: CertificateSource;
  readonly store: ProfileStore;
}

export function createHealth({ certificates, store }: Judged, { clock, lifecycle }: Scope): Health {
  let served: Served | undefined;
  let port: number | undefined;
  let handshake: string | undefined;

  function problem(): string | undefined {
    if (lifecycle.signal.aborted) {
      return 'shutting down';
    }
    if (served === undefined) {
      return certificates.problem?.() ?? 'no certificate yet';
    }
    const isExpired = served.expiresAt <= clock.now();
    return isExpired
      ? 'the certificate has expired'
      : (certificates.problem?.() ?? store.problem() ?? handshake);
  }

  async function shake(): Promise<void> {
    const bundle = certificates.trustedBundle?.() ?? '';
    const name = served?.names[0];
    // What trusts a given certificate is not known here.
    if (bundle !== '' && name !== undefined && port !== undefined) {
      handshake = await handshakeProblem({ port, name, bundle });
    }
  }

  return {
    serving(nextServed, nextPort) {
      served = nextServed;
      port = nextPort;
    },
    served: () => served,
    ready() {
      const reason = problem();
      return { ok: reason === undefined, reason };
    },
    async follow(signal) {
      while (!signal.aborted) {
        await shake();
        await clock.sleep(HANDSHAKE_MS, signal);
      }
    },
  };
}

export interface Told {
  readonly health: Health;
  readonly store: ProfileStore;
  readonly recent: Recent;
  /** Undefined when nobody looks through the pods. */
  readonly scan: PodScan | undefined;
}

/** /livez, /readyz, /metrics and /status without TLS, for the kubelet and Prometheus. */
export async function servePlain(
  bind: string,
  { log, secrets, lifecycle, registry }: Scope,
  told: Told,
): Promise<void> {
  const { health, store, scan } = told;
  const metrics = await registry();
  const expiry = () => health.served()?.expiresAt;
  readMetrics(INJECTOR_GAUGES, metrics, {
    certificateExpiry: () => {
      const expiresAt = expiry();
      return expiresAt === undefined ? undefined : expiresAt / 1000;
    },
    profiles: () => store.profiles().size,
    badProfiles: () => store.findings().length,
    pods: () => scan?.series(),
  });
  const server = await startHttpServer({
    bind,
    log,
    routes: sharedRoutes({
      redact: (text) => secrets.redact(text),
      live: () => ({ ok: true }),
      ready: () => health.ready(),
      metrics: () => metrics.scrape(),
      status: () => statusOf(told, lifecycle.signal.aborted),
    }),
  });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
  log.info('serving health and metrics', { host: server.host, port: server.port });
}

function statusOf({ health, store, recent }: Told, stopping: boolean): object {
  const served = health.served();
  const { ok, reason } = health.ready();
  return {
    ready: ok,
    ...(reason !== undefined && { reason }),
    ...(served !== undefined && {
      certificate: {
        names: served.names,
        expires: new Date(served.expiresAt).toISOString(),
        pem: served.cert,
      },
    }),
    profiles: [...store.profiles().values()].map(({ name, origin }) => ({ name, origin })),
    findings: store.findings(),
    ...recent.snapshot(),
    stopping,
  };
}
