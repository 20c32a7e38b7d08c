/** Whether the webhooks can be called, and what the plain endpoint tells of them. */
import { networkInterfaces } from 'node:os';
import { type HealthCheck, sharedRoutes, startHttpServer } from '../../core/http/server.ts';
import { readMetrics } from '../../core/metrics/metrics.ts';
import type { Scope } from '../../core/process/run-process.ts';
import type { CertificateSource, Served } from './certificates/source.ts';
import { handshakeProblem, ownAddress } from './handshake.ts';
import { INJECTOR_GAUGES } from './metrics.ts';
import type { PodScan } from './pods/scan.ts';
import type { ProfileStore } from './profiles/store.ts';
import type { Recent } from './recent.ts';

const HANDSHAKE_MS = 5_000;

export interface Listening {
  readonly host: string;
  readonly port: number;
}

export interface Health {
  /** This certificate is shown there from now on. */
  serving(served: Served, listening: Listening): void;
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
  let listening: Listening | undefined;
  let handshake: string | undefined = 'no handshake of our own yet';

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
      : (certificates.problem?.() ?? store.problem() ?? (bundle() === '' ? undefined : handshake));
  }

  /** Empty for a given certificate: what trusts it is not known here. */
  const bundle = (): string => certificates.trustedBundle?.() ?? '';

  async function shake(): Promise<void> {
    const name = served?.names[0];
    if (bundle() !== '' && name !== undefined && listening !== undefined) {
      const host = ownAddress(listening.host, networkInterfaces());
      handshake = await handshakeProblem({ host, port: listening.port, name, bundle: bundle() });
    }
  }

  return {
    serving(nextServed, nextListening) {
      served = nextServed;
      listening = nextListening;
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
