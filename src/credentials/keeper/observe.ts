/** What happens to a credential, as log lines and metrics. */
import { isPillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import type { Metrics } from '../../core/metrics/metrics.ts';
import type { CREDENTIALS_METRICS } from '../metrics.ts';
import { isSkewed, type Level } from '../timing.ts';
import type { DeliveryEvents } from './delivery.ts';
import type { KeeperEvents } from './keeper.ts';

export type CredentialsMetrics = Metrics<typeof CREDENTIALS_METRICS>;

const inSeconds = (ms: number): number => Math.round(ms / 100) / 10;
const reasonOf = (error: unknown): string => (isPillionError(error) ? error.code : 'internal');

export type Observer = KeeperEvents & DeliveryEvents;

/** @param metrics undefined when nothing is served */
export function observe(credential: string, log: Log, metrics: CredentialsMetrics | undefined): Observer {
  const said = new Set<string>();
  const warnOnce = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    if (!said.has(message)) {
      said.add(message);
      log.warn(message, { credential, ...fields });
    }
  };
  return {
    asked({ credential: given, clockSkewMs }, isNew, durationMs) {
      metrics?.refreshes.inc({ credential, result: 'success', reason: '' });
      metrics?.refreshSeconds.observe({ credential }, durationMs / 1000);
      if (clockSkewMs !== undefined) {
        metrics?.clockSkew.set({ credential }, clockSkewMs / 1000);
        noteSkew(clockSkewMs, warnOnce);
      }
      const { username, password, expiresAt } = given;
      log.info(isNew ? 'new credential' : 'the source repeats its credential', {
        credential,
        username,
        bytes: Buffer.byteLength(password),
        expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
        seconds: inSeconds(durationMs),
      });
    },
    askFailed(error, retryInMs, durationMs) {
      metrics?.refreshes.inc({ credential, result: 'failure', reason: reasonOf(error) });
      metrics?.refreshSeconds.observe({ credential }, durationMs / 1000);
      log.error('cannot get a new credential', error, { credential, retryInSeconds: inSeconds(retryInMs) });
    },
    delivered() {
      log.info('credential delivered', { credential });
    },
    waiting(error) {
      const why = error instanceof Error ? error.message : '';
      log.info('written; what is to be reloaded does not run yet', { credential, why });
    },
    deliveryFailed(error, retryInMs) {
      metrics?.deliveryFailures.inc({ credential, reason: reasonOf(error) });
      log.error('cannot deliver the credential', error, { credential, retryInSeconds: inSeconds(retryInMs) });
    },
    levelChanged(level, before) {
      sayLevel(log, credential, level, before);
    },
    clockJumped(ms) {
      log.warn('the clock was set, or this machine was suspended', { credential, seconds: inSeconds(ms) });
    },
    written(path) {
      metrics?.writes.inc({ credential });
      log.at(1, 'file replaced', { credential, path });
    },
    reloaded(target, result) {
      metrics?.reloads.inc({ credential, target, result });
      log.at(1, 'reload', { credential, target, result });
    },
    warn: (message) => warnOnce(message),
  };
}

function noteSkew(
  skewMs: number,
  warnOnce: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): void {
  if (isSkewed(skewMs)) {
    const hint =
      'set the clock of the node: servers refuse what is dated more than five minutes from their own time';
    warnOnce("this machine's clock is wrong by more than five minutes", { seconds: inSeconds(skewMs), hint });
  }
}

function sayLevel(log: Log, credential: string, level: Level, before: Level): void {
  const fields = { credential, level, before };
  if (level === 'expired') {
    log.error('the credential in use has expired: new logins fail', undefined, fields);
  } else if (level === 'low') {
    log.error('less than a third of the life of the credential is left', undefined, fields);
  } else if (level === 'ok' && before !== 'none') {
    log.info('the credential is fresh again', fields);
  }
}
