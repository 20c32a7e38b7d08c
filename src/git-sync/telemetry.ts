/** The metrics of one git-sync; when nobody can scrape them nothing is loaded and nothing is counted. */

import { METRICS } from './metrics.ts';
import type { GitSyncSettings } from './settings.ts';
import type { SyncState } from './state.ts';
import type { HookName } from './sync/hooks/hooks.ts';

type Result = 'success' | 'error';

export interface Telemetry {
  readonly scrape: (() => Promise<{ contentType: string; body: string }>) | undefined;
  pass(status: Result | 'noop', seconds: number): void;
  updateRequired(): void;
  published(hash: string): void;
  hook(name: HookName, status: Result): void;
  credentialRequest(source: string, status: Result): void;
}

const SILENT: Telemetry = {
  scrape: undefined,
  pass() {},
  updateRequired() {},
  published() {},
  hook() {},
  credentialRequest() {},
};

export async function createTelemetry(settings: GitSyncSettings, state: SyncState): Promise<Telemetry> {
  if (!settings.http?.metrics) {
    return SILENT;
  }
  const { addProcessMetrics, createMetrics, createRegistry } = await import('../core/metrics/metrics.ts');
  const registry = createRegistry();
  const metrics = createMetrics(METRICS, registry);
  addProcessMetrics(registry);
  let shown: string | undefined;
  return {
    scrape: () => registry.scrape(),
    pass(status, seconds) {
      metrics.syncCount.inc({ status });
      metrics.syncDuration.observe({ status }, seconds);
      metrics.lastSuccess.set((state.lastSuccessAt ?? 0) / 1000);
      metrics.failuresInARow.set(status === 'error' ? state.failuresInARow : 0);
    },
    updateRequired: () => metrics.fetchCount.inc(),
    published(hash) {
      if (shown !== undefined && shown !== hash) {
        metrics.published.remove({ hash: shown });
      }
      shown = hash;
      metrics.published.set({ hash }, 1);
    },
    hook: (name, status) => metrics.hookRuns.inc({ name, status }),
    credentialRequest(source, status) {
      if (source === 'askpass') {
        metrics.askpassCalls.inc({ status });
      } else if (source === 'github-app') {
        metrics.appTokenRefreshes.inc({ status });
      }
    },
  };
}
