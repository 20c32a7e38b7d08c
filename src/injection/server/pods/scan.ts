/** Looks now and then which pods have not got what they ask for: nobody else would notice. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';
import type { ReadSeries } from '../../../core/metrics/read-metrics.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';
import { textAt } from '../../../kubernetes/json.ts';
import type { InjectionSettings } from '../../engine/decision.ts';
import { tellChanges } from '../tell-changes.ts';
import { observedPods } from './observe.ts';
import { isAlive, type ObservedPod, podState } from './pod-state.ts';

export interface PodScanDeps {
  readonly client: ApiClient;
  readonly settings: () => InjectionSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly periodMs: number;
  /** From 0 to 1: replicas do not scan all at once. */
  readonly random?: (() => number) | undefined;
}

export interface PodScan {
  /** Series of the last scan; undefined before the first. */
  series(): readonly ReadSeries[] | undefined;
  /** Looks again and again until the signal is aborted. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Namespaces with series of their own; the pods of all further ones are counted together. */
const MOST_NAMESPACES = 100;
const OTHERS = '(others)';
const NAMES_IN_LOG = 5;

interface Count {
  readonly state: 'bare' | 'stale';
  readonly namespace: string;
  value: number;
}

/** Counts pods without keeping them. */
export function createTally(): {
  add(observed: ObservedPod, settings: InjectionSettings): void;
  series(): ReadSeries[];
  total(state: Count['state']): number;
  names(): readonly string[];
} {
  const counts = new Map<string, Count>();
  const namespaces = new Set<string>();
  const bare: string[] = [];
  return {
    add(observed, settings) {
      const state = isAlive(observed.pod) ? podState(observed, settings) : 'apart';
      if (state !== 'bare' && state !== 'stale') {
        return;
      }
      const hasRoom = namespaces.size < MOST_NAMESPACES || namespaces.has(observed.namespace);
      const namespace = hasRoom ? observed.namespace : OTHERS;
      namespaces.add(namespace);
      const key = `${state} ${namespace}`;
      const count = counts.get(key) ?? { state, namespace, value: 0 };
      count.value += 1;
      counts.set(key, count);
      if (state === 'bare' && bare.length < NAMES_IN_LOG) {
        bare.push(`${observed.namespace}/${textAt(observed.pod, 'metadata', 'name') ?? ''}`);
      }
    },
    series: () => [...counts.values()].map(({ value, ...labels }) => ({ labels, value })),
    total: (wanted) =>
      [...counts.values()].reduce((sum, { state, value }) => sum + (state === wanted ? value : 0), 0),
    names: () => bare,
  };
}

export function createPodScan(deps: PodScanDeps): PodScan {
  const { client, settings, clock, log, periodMs, random = Math.random } = deps;
  let series: readonly ReadSeries[] | undefined;
  let lastBare = 0;
  const orTell = tellChanges(log, 'pods cannot be looked through');

  async function scanOnce(signal: AbortSignal): Promise<void> {
    const tally = createTally();
    const now = settings();
    for await (const pods of observedPods(client, signal)) {
      pods.forEach((each) => tally.add(each, now));
    }
    series = tally.series();
    const bare = tally.total('bare');
    if (bare > lastBare) {
      log.warn('pods that asked have nothing put in', { pods: bare, some: tally.names() });
    }
    lastBare = bare;
  }

  return {
    series: () => series,
    async follow(signal) {
      // The first scan comes soon, but not while a cluster starts everything at once.
      await clock.sleep(periodMs * random() * 0.5, signal);
      while (!signal.aborted) {
        await orTell(() => scanOnce(signal), signal);
        await clock.sleep(periodMs * (0.75 + random() / 2), signal);
      }
    },
  };
}
