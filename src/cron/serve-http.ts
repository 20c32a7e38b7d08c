import type { Log } from '../core/log/log.ts';
import type { MetricsRegistry } from '../core/metrics/metrics.ts';
import type { Lifecycle } from '../core/process/lifecycle.ts';
import type { RunValues } from './cli/options.ts';

/** The timer loop ticks at least every 30 s; one that has not for three times that is stuck. */
const STUCK_MS = 90_000;
const SUPERCRONIC_PORT = 9746;

export interface CronHttpInput {
  readonly values: RunValues;
  readonly log: Log;
  readonly registry: MetricsRegistry;
  readonly redact: (text: string) => string;
  readonly lifecycle: Lifecycle;
  readonly sinceTickMs: () => number;
  readonly status: () => unknown;
}

/** Serves health, status and metrics when an address was given. */
export async function startCronHttp(input: CronHttpInput): Promise<void> {
  const { values, log, registry, lifecycle } = input;
  const bind = values.httpBind === '' ? supercronicBind(values.listen) : values.httpBind;
  if (bind === '') {
    return;
  }
  const { ANY, sharedRoutes, startHttpServer, textReply } = await import('../core/http/server.ts');
  const server = await startHttpServer({
    bind,
    log,
    routes: [
      ...sharedRoutes({
        redact: input.redact,
        status: input.status,
        ...(values.httpMetrics ? { metrics: () => registry.scrape() } : {}),
        live: () => ({ ok: input.sinceTickMs() < STUCK_MS, reason: 'the scheduler is stuck' }),
        ready: () => ({ ok: !lifecycle.signal.aborted, reason: 'shutting down' }),
      }),
      // supercronic's only health path, which says OK while the process runs.
      { method: ANY, path: '/health', handle: () => textReply(200, 'OK') },
    ],
  });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
  log.info('listening', { host: server.host, port: server.port });
}

/** Two colons or more, and nothing but hexadecimal digits. */
const isAddressOfV6 = (text: string) =>
  /^[\da-f:]*$/i.test(text) && text.indexOf(':') !== text.lastIndexOf(':');

/** A host alone gets supercronic's default port. */
export function supercronicBind(address: string): string {
  const hasPort = /:\d+$/.test(address) && !isAddressOfV6(address);
  return address === '' || hasPort ? address : `${address}:${SUPERCRONIC_PORT}`;
}
