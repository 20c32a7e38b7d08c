import type { MetricsRegistry } from '../core/metrics/metrics.ts';
import type { Scope } from '../core/process/run-process.ts';
import type { SyncLoop } from './loop.ts';
import { createPublishedCheck } from './published-check.ts';
import type { GitSyncSettings } from './settings.ts';
import { statusReport } from './status-report.ts';
import type { Syncer } from './sync/syncer.ts';

export interface ServerInit {
  readonly settings: GitSyncSettings;
  readonly scope: Scope;
  readonly syncer: Syncer;
  readonly loop: SyncLoop;
}

/** Binds before the first sync, so that probes are answered from the start. Nothing is loaded without --http-bind. */
export async function startServer({ settings, scope, syncer, loop }: ServerInit): Promise<void> {
  const { http, maxAgeMs } = settings;
  if (http === undefined) {
    return;
  }
  const { log, lifecycle, clock, secrets } = scope;
  const startedAt = clock.now();
  const registry = http.metrics ? await scope.registry() : undefined;
  const { sharedRoutes, startHttpServer } = await import('../core/http/server.ts');
  const { ageOf, checkLive, checkReady, PPROF_ROUTE, readinessRoute } = await import('./http.ts');
  const age = () => ageOf(syncer.status(), { startedAt, now: clock.now() });
  if (registry !== undefined) {
    await registerGauges(registry, syncer, age);
  }
  const isPublished = createPublishedCheck(syncer.link);
  const server = await startHttpServer({
    bind: http.bind,
    routes: [
      ...sharedRoutes({
        live: () => checkLive(syncer.status(), clock.now()),
        ready: async () =>
          checkReady(syncer.status(), await isPublished(), { maxAgeMs, startedAt, now: clock.now() }),
        metrics: registry && (() => registry.scrape()),
        status: () =>
          statusReport({ settings, sync: syncer.status(), loop: loop.status(), startedAt, ageMs: age() }),
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

async function registerGauges(registry: MetricsRegistry, syncer: Syncer, age: () => number): Promise<void> {
  const { readMetrics } = await import('../core/metrics/metrics.ts');
  const { SYNC_GAUGES } = await import('./metrics.ts');
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  readMetrics(SYNC_GAUGES, registry, {
    lastChange: () => seconds(syncer.status().lastChangeAt),
    age: () => seconds(age()),
  });
}
