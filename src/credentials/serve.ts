/** Health, status and metrics of the running command. */
import type { MetricsRegistry, Readers } from '../core/metrics/metrics.ts';
import type { Scope } from '../core/process/run-process.ts';
import type { RunValues } from './cli/options.ts';
import type { Keeper } from './keeper/keeper.ts';
import { CREDENTIALS_GAUGES } from './metrics.ts';
import { credentialStatus, isReloadPending } from './status.ts';
import { LEVELS } from './timing.ts';

/** A keeper looks at its clocks every five seconds, when it is not busy with a source or a reload. */
const STUCK_MS = 300_000;

/** @param registry undefined without --http-metrics */
export async function serveHttp(
  values: RunValues,
  keepers: readonly Keeper[],
  scope: Scope,
  registry: MetricsRegistry | undefined,
): Promise<void> {
  const { log, secrets, lifecycle, clock } = scope;
  const startedAt = clock.now();
  const { sharedRoutes, startHttpServer } = await import('../core/http/server.ts');
  if (registry !== undefined) {
    await registerGauges(registry, keepers);
  }
  const server = await startHttpServer({
    bind: values.httpBind,
    log,
    routes: sharedRoutes({
      redact: (text) => secrets.redact(text),
      live: () => {
        const stuck = keepers.find(({ spec, idleMs }) => idleMs() > STUCK_MS + spec.timeoutMs);
        return { ok: stuck === undefined, reason: `${stuck?.spec.name ?? ''} is stuck` };
      },
      ready: () => {
        const bad = keepers.find((keeper) => ['none', 'expired'].includes(keeper.level()));
        const isStopping = lifecycle.signal.aborted;
        const why = bad?.level() === 'none' ? 'has no credential yet' : 'has expired';
        return {
          ok: bad === undefined && !isStopping,
          reason: isStopping ? 'shutting down' : `${bad?.spec.name ?? ''} ${why}`,
        };
      },
      status: () => ({
        startedAt: new Date(startedAt).toISOString(),
        credentials: keepers.map((keeper) => credentialStatus(keeper, clock.now(), clock.monotonic())),
        stopping: lifecycle.signal.aborted,
      }),
      ...(registry === undefined ? {} : { metrics: () => registry.scrape() }),
    }),
  });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
  log.info('listening', { host: server.host, port: server.port });
}

function readersOf(keeper: Keeper): Readers<typeof CREDENTIALS_GAUGES> {
  return {
    expiry: () => seconds(keeper.state().inForce?.expiresAt),
    lastSuccess: () => seconds(keeper.state().lastSuccessAt),
    level: () => LEVELS.indexOf(keeper.level()),
    tokenBytes: () => {
      const { inForce } = keeper.state();
      return inForce === undefined ? undefined : Buffer.byteLength(inForce.password);
    },
    reloadPending: () => Number(isReloadPending(keeper)),
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

async function registerGauges(registry: MetricsRegistry, keepers: readonly Keeper[]): Promise<void> {
  const { readMetrics } = await import('../core/metrics/metrics.ts');
  for (const keeper of keepers) {
    readMetrics(CREDENTIALS_GAUGES, registry, readersOf(keeper), { credential: keeper.spec.name });
  }
}
