/** Health, status and metrics of `restore` and `backup`. */
import type { HealthCheck, Route } from '../core/http/server.ts';
import type { MetricsRegistry } from '../core/metrics/metrics.ts';
import type { Scope } from '../core/process/run-process.ts';

export interface ServeInit {
  readonly bind: string;
  /** Undefined without --http-metrics. */
  readonly registry: MetricsRegistry | undefined;
  readonly live: () => HealthCheck;
  readonly ready: () => HealthCheck;
  readonly status: () => unknown;
  readonly routes?: readonly Route[];
}

/** Nothing without an address. */
export async function serve(init: ServeInit, { log, secrets, lifecycle }: Scope): Promise<void> {
  const { bind, registry, live, status } = init;
  if (bind === '') {
    return;
  }
  const { sharedRoutes, startHttpServer } = await import('../core/http/server.ts');
  const ready = (): HealthCheck =>
    lifecycle.signal.aborted ? { ok: false, reason: 'shutting down' } : init.ready();
  const server = await startHttpServer({
    bind,
    log,
    routes: [
      ...sharedRoutes({
        redact: (text) => secrets.redact(text),
        live,
        ready,
        status,
        ...(registry === undefined ? {} : { metrics: () => registry.scrape() }),
      }),
      ...(init.routes ?? []),
    ],
  });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
  log.info('listening', { host: server.host, port: server.port });
}
