import type { Metric } from 'prom-client';
import PromRegistry from 'prom-client/lib/registry.js';
import type { MetricDefinition } from './definitions.ts';

/** A scrape's answer, ready for an HTTP response. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** The metrics of one process or one test; nothing is global. */
export interface MetricsRegistry {
  /** Everything registered, in the text format 0.0.4. */
  scrape(): Promise<Scrape>;
}

export type Labels = Readonly<Record<string, string>>;

/** The label names of a metric in one part of a process: the declared ones, and those that are fixed there. */
export function allLabels({ labels = [] }: MetricDefinition, fixed: Labels): string[] {
  return [...new Set([...Object.keys(fixed), ...labels])];
}

/** One line of a scrape. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
  /** Differs from the metric's name in `_sum` and `_count`. */
  readonly metricName?: string;
}

/** What a registry is to this folder. */
interface Internals {
  readonly prom: PromRegistry;
  readonly registered: Map<string, Registered>;
}

interface Registered {
  readonly signature: string;
  readonly metric: unknown;
}

const internals = new WeakMap<MetricsRegistry, Internals>();

/** An empty registry; it has no timers and no default collectors. */
export function createRegistry(): MetricsRegistry {
  const prom = new PromRegistry();
  const registry: MetricsRegistry = {
    scrape: async () => ({ contentType: prom.contentType, body: await prom.metrics() }),
  };
  internals.set(registry, { prom, registered: new Map() });
  return registry;
}

function internalsOf(registry: MetricsRegistry): Internals {
  const found = internals.get(registry);
  if (found === undefined) {
    throw new TypeError('a registry comes from createRegistry');
  }
  return found;
}

/**
 * The metric of a definition: made the first time, and the same one when it is registered again, so that several
 * parts of a process can each count under their own labels.
 * @throws Error when the name is registered as another metric
 */
export function registerOnce<M>(
  registry: MetricsRegistry,
  definition: MetricDefinition,
  labelNames: readonly string[],
  make: (prom: PromRegistry) => M,
): M {
  const { prom, registered } = internalsOf(registry);
  const { name, type, help } = definition;
  const signature = JSON.stringify([type, help, labelNames]);
  const known = registered.get(name);
  if (known === undefined) {
    const metric = make(prom);
    registered.set(name, { signature, metric });
    return metric;
  }
  if (known.signature !== signature) {
    throw new Error(`the metric ${name} is registered with another type, help or labels`);
  }
  return known.metric as M; // made by the same definition
}

/** What counts by labels: prom-client's metrics keep their series in a map, summaries know how to forget. */
interface Countable {
  readonly hashMap?: Readonly<Record<string, { readonly labels: Labels }>>;
  remove?(labels: Labels): void;
  removeAll?(isOf: (labels: Labels) => boolean): void;
}

/** Ends all series that have these labels among theirs: of a repository or a job that is gone. */
export function removeSeries(registry: MetricsRegistry, labels: Labels): void {
  const isOf = (of: Labels) => Object.entries(labels).every(([name, value]) => of[name] === value);
  for (const { metric } of internalsOf(registry).registered.values()) {
    const { hashMap = {} } = metric as Countable; // made by `registerOnce`'s callers in this folder
    const series = Object.values(hashMap).filter((each) => isOf(each.labels));
    series.forEach((each) => (metric as Countable).remove?.(each.labels));
    (metric as Countable).removeAll?.(isOf);
  }
}

/** Registers a metric whose samples are computed at each scrape. */
export function addComputed(
  prom: PromRegistry,
  { name, help, type }: MetricDefinition,
  samples: () => readonly Sample[],
): void {
  // All the registry asks of a metric is its name and get(); its declared type wants prom-client's own classes.
  const metric = { name, get: () => ({ name, help, type, values: samples() }) };
  prom.registerMetric(metric as unknown as Metric);
}
