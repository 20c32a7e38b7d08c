import { existsSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log/log.ts';
import type { Secrets } from '../core/log/secrets.ts';
import type { Lifecycle } from '../core/process/lifecycle.ts';
import type { GitSyncSettings } from './settings.ts';
import { describeState, type SyncState } from './state.ts';
import type { Telemetry } from './telemetry.ts';

export interface ServerInit {
  readonly settings: GitSyncSettings;
  readonly state: SyncState;
  readonly link: string;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly lifecycle: Lifecycle;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** Binds before the first sync, so that probes are answered from the start. Nothing is loaded without --http-bind. */
export async function startServer(init: ServerInit): Promise<void> {
  const { settings, state, link, log, lifecycle, clock } = init;
  const http = settings.http;
  if (http === undefined) {
    return;
  }
  const { sharedRoutes, startHttpServer } = await import('../core/http/server.ts');
  const { checkLive, checkReady, PPROF_ROUTE, readinessRoute } = await import('./http.ts');
  const server = await startHttpServer({
    bind: http.bind,
    routes: [
      ...sharedRoutes({
        live: () => checkLive(state, clock.now()),
        ready: () => checkReady(state, existsSync(link)),
        metrics: init.telemetry.scrape,
        status: () => describeState(state),
        redact: (text) => init.secrets.redact(text),
      }),
      ...(http.pprof ? [PPROF_ROUTE] : []),
      readinessRoute(state),
    ],
    log,
  });
  log.info('serving HTTP', { endpoint: `${server.host}:${server.port}` });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
}
