/** `pillion credentials`: keeps credentials fresh until a signal ends it, or writes them once. */

import type { CommandContext, ExitStatus } from '../core/command.ts';
import type { MetricsRegistry } from '../core/metrics/metrics.ts';
import { runProcess, type Scope } from '../core/process/run-process.ts';
import { backoff, retry } from '../core/retry.ts';
import { withSignal } from '../core/scoped-signal.ts';
import { createParts, type Parts } from './assemble.ts';
import type { Settings } from './cli/settings.ts';
import type { CredentialSpec } from './config/spec.ts';
import type { CredentialsMetrics } from './keeper/observe.ts';
import { CREDENTIALS_METRICS } from './metrics.ts';
import { regionOfEndpoint } from './providers/aws-rds/advice.ts';

const VERBOSITY = { warn: -1, info: 0, debug: 1 } as const;
/** For the log and the HTTP server after the grace. */
const AFTER_GRACE_MS = 500;
/** A name server that does not answer must not hold up anything. */
const ALIAS_TIMEOUT_MS = 5000;

export function runCredentials(
  context: CommandContext,
  { values, credentials }: Settings,
): Promise<ExitStatus> {
  return runProcess(
    {
      context,
      log: { verbosity: Math.max(VERBOSITY[values.logLevel], values.verbose) },
      graceMs: values.grace + AFTER_GRACE_MS,
      failureMessage: 'cannot go on',
    },
    (scope) =>
      values.oneTime ? writeOnce(values.retryFor, credentials, scope) : keep({ values, credentials }, scope),
  );
}

/** All credentials, each tried until it is written; 1 when one of them is not in time. */
async function writeOnce(
  retryForMs: number,
  credentials: readonly CredentialSpec[],
  scope: Scope,
): Promise<number> {
  const { log, lifecycle } = scope;
  const results = await Promise.allSettled(
    credentials.map(async (spec) => {
      const { keeper } = createParts(spec, scope);
      const started = scope.clock.monotonic();
      const isLate = (): boolean => scope.clock.monotonic() - started >= retryForMs;
      await retry(() => keeper.once(lifecycle.signal), {
        attempts: Infinity,
        delays: backoff({ initialMs: 1000, maxMs: 10_000, jitter: 0.5 }),
        signal: lifecycle.signal,
        retryable: () => !isLate(),
        onRetry: (error, _attempt, delayMs) =>
          log.error('cannot write the credential yet', error, {
            credential: spec.name,
            retryInSeconds: Math.round(delayMs / 100) / 10,
          }),
      });
    }),
  );
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') {
      log.error('cannot write the credential', result.reason, { credential: credentials[index]?.name });
    }
  }
  return results.some(({ status }) => status === 'rejected') ? 1 : 0;
}

async function keep({ values, credentials }: Settings, scope: Scope): Promise<number> {
  const { log, lifecycle } = scope;
  const isMeasured = values.httpBind !== '' && values.httpMetrics;
  const registry = isMeasured ? await scope.registry() : undefined;
  const metrics = registry === undefined ? undefined : await createCounters(registry);
  const parts = credentials.map((spec) => createParts(spec, { ...scope, metrics }));
  const keepers = parts.map(({ keeper }) => keeper);
  if (values.httpBind !== '') {
    const { serveHttp } = await import('./serve.ts');
    await serveHttp(values, keepers, scope, registry);
  }
  for (const part of parts) {
    giveBackAtEnd(part, scope);
  }
  refreshOnHangup(parts, scope);
  for (const spec of credentials) {
    void warnOfAlias(spec, scope).catch(() => undefined);
  }
  log.info('keeping credentials fresh', { credentials: credentials.map(({ name }) => name) });
  await Promise.all(keepers.map((keeper) => keeper.run(lifecycle.signal)));
  return 0;
}

async function createCounters(registry: MetricsRegistry): Promise<CredentialsMetrics> {
  const { createMetrics } = await import('../core/metrics/metrics.ts');
  return createMetrics(CREDENTIALS_METRICS, registry);
}

function giveBackAtEnd({ source, keeper }: Parts, { lifecycle }: Scope): void {
  if (source.close !== undefined) {
    lifecycle.onShutdown(`give back ${keeper.spec.name}`, (deadline) => source.close?.(deadline));
  }
}

/** For a person who knows that something has changed; the spacing between questions holds all the same. */
function refreshOnHangup(parts: readonly Parts[], { log, lifecycle }: Scope): void {
  const refresh = (): void => {
    log.info('received SIGHUP, refreshing');
    parts.forEach(({ keeper }) => keeper.call());
  };
  process.on('SIGHUP', refresh);
  lifecycle.onShutdown('signals', () => void process.off('SIGHUP', refresh));
}

/** A token for an alias is refused, and RDS does not say why. */
async function warnOfAlias({ name, source }: CredentialSpec, { log, lifecycle }: Scope): Promise<void> {
  if (source.provider !== 'aws-rds' || regionOfEndpoint(source.host) !== undefined) {
    return;
  }
  const { Resolver } = await import('node:dns/promises');
  const { aliasWarning, endpointBehind } = await import('./providers/aws-rds/alias.ts');
  const resolver = new Resolver({ timeout: ALIAS_TIMEOUT_MS, tries: 1 });
  const endpoint = await withSignal(lifecycle.signal, { timeoutMs: ALIAS_TIMEOUT_MS }, async (signal) => {
    signal.addEventListener('abort', () => resolver.cancel(), { once: true });
    return endpointBehind(source.host, (host) => resolver.resolveCname(host));
  });
  log.warn(aliasWarning(source.host, endpoint), { credential: name });
}
