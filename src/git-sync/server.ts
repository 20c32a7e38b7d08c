import type { Scope } from '../core/process/run-process.ts';
import type { SyncLoop } from './loop.ts';
import { createPublishedCheck } from './published-check.ts';
import type { ProcessSettings } from './settings.ts';
import { statusReport } from './status-report.ts';
import type { Syncer } from './sync/syncer.ts';

export interface ServerInit {
  readonly http: ProcessSettings['http'];
  readonly scope: Scope;
  readonly syncer: Syncer;
  readonly loop: SyncLoop;
}

/** Binds before the first sync, so that probes are answered from the start. Nothing is loaded without --http-bind. */
export async function startServer({ http, scope, syncer, loop }: ServerInit): Promise<void> {
  if (http === undefined) {
    return;
  }
  const { log, lifecycle, clock, secrets } = scope;
  const startedAt = clock.now();
  const registry = http.metrics ? await scope.registry() : undefined;
  const { sharedRoutes, startHttpServer } = await import('../core/http/server.ts');
  const { checkLive, checkReady, PPROF_ROUTE, readinessRoute } = await import('./http.ts');
  const isPublished = createPublishedCheck(syncer.link);
  const server = await startHttpServer({
    bind: http.bind,
    routes: [
      ...sharedRoutes({
        live: () => checkLive(syncer.status(), clock.now()),
        ready: async () => checkReady(syncer.status(), await isPublished()),
        metrics: registry && (() => registry.scrape()),
        status: () => statusReport(syncer.status(), loop.status(), startedAt),
        redact: (text) => secrets.redact(text),
      }),
      ...(http.pprof ? [PPROF_ROUTE] : []),
      readinessRoute(() => syncer.status()),
    ],
    log,
  });
  log.info('serving HTTP', { endpoint: `${server.host}:${server.port}` });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
}
