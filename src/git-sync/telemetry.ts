/** The metrics of one sync, as they follow from its events. */
import { isPillionError } from '../core/errors.ts';
import { createMetrics, type MetricsRegistry } from '../core/metrics/metrics.ts';
import { METRICS, TRIGGER_METRICS } from './metrics.ts';
import type { SyncObserver } from './sync/events.ts';

/**
 * Counts what a sync does.
 * @param repository a label that tells it from other syncs of the same process; without it there is only one
 */
export function createSyncMetrics(registry: MetricsRegistry, repository?: string): SyncObserver {
  const metrics = createMetrics(METRICS, registry, repository === undefined ? undefined : { repository });
  let shown: string | undefined;

  const show = (hash: string) => {
    if (shown !== undefined && shown !== hash) {
      metrics.published.remove({ hash: shown });
    }
    shown = hash;
    metrics.published.set({ hash }, 1);
  };
  const countPass = (status: 'success' | 'noop' | 'error', seconds: number, failures: number) => {
    metrics.syncCount.inc({ status });
    metrics.syncDuration.observe({ status }, seconds);
    metrics.failuresInARow.set(failures);
  };

  return (event, status) => {
    switch (event.kind) {
      case 'update-required':
        return metrics.fetchCount.inc();
      case 'pin-changed':
        return metrics.rolledBack.set(event.pin === undefined ? 0 : 1);
      case 'published':
        return show(event.change.remote);
      case 'pass-succeeded':
        metrics.lastSuccess.set((status.lastSuccessAt ?? 0) / 1000);
        return countPass(event.status, event.seconds, 0);
      case 'remote-asked':
        return metrics.polls.inc({ kind: event.by });
      case 'received':
        return metrics.receivedBytes.inc({ for: event.purpose }, event.bytes);
      case 'pass-failed':
        metrics.failures.inc({ reason: isPillionError(event.error) ? event.error.code : 'other' });
        return countPass('error', event.seconds, status.failuresInARow);
      case 'cleaned-up':
        return metrics.keptTrees.set(event.keptTrees);
      case 'hook-ended':
        return metrics.hookRuns.inc({ name: event.hook, status: event.status });
      case 'credentials-requested':
        metrics.credentialRequests.inc({ source: event.source, status: event.status });
        if (event.source === 'askpass') {
          metrics.askpassCalls.inc({ status: event.status });
        } else if (event.source === 'github-app') {
          metrics.appTokenRefreshes.inc({ status: event.status });
        }
        return undefined;
      default:
        return undefined;
    }
  };
}

/** Counts the requests of a receiver. */
export function createTriggerMetrics(registry: MetricsRegistry): (source: string, outcome: string) => void {
  const { requests } = createMetrics(TRIGGER_METRICS, registry);
  return (source, outcome) => requests.inc({ source, outcome });
}
