import type { MetricDefinition, MetricDefinitions } from './definitions.ts';
import { createMetric, type Metrics } from './metrics.ts';
import type { MetricsRegistry } from './registry.ts';

type Labels = Readonly<Record<string, string>>;
const METHODS = ['inc', 'set', 'observe', 'remove'] as const;
type Method = (labels: Labels, value?: number) => void;
type AnyMetric = Partial<Readonly<Record<(typeof METHODS)[number], Method>>>;

/** What is registered already, by name. */
const shared = new WeakMap<MetricsRegistry, Map<string, AnyMetric>>();

function sharedMetric(
  definition: MetricDefinition,
  registry: MetricsRegistry,
  names: readonly string[],
): AnyMetric {
  const known = shared.get(registry) ?? new Map<string, AnyMetric>();
  shared.set(registry, known);
  const labels = [...names, ...(definition.labels ?? [])];
  const metric =
    known.get(definition.name) ?? (createMetric({ ...definition, labels }, registry) as AnyMetric);
  known.set(definition.name, metric);
  return metric;
}

/** The metric with these labels filled in. */
function bind(metric: AnyMetric, definition: MetricDefinition, labels: Labels): unknown {
  const isPlain = (definition.labels ?? []).length === 0;
  const bound: Record<string, unknown> = {};
  for (const name of METHODS) {
    const method = metric[name]?.bind(metric);
    if (method !== undefined) {
      bound[name] = isPlain
        ? (value?: number) => method(labels, value)
        : (own: Labels, value?: number) => method({ ...labels, ...own }, value);
    }
  }
  if (isPlain && definition.type === 'counter') {
    metric.inc?.(labels, 0);
  } else if (isPlain && definition.type === 'gauge') {
    metric.set?.(labels, 0);
  }
  return bound;
}

/**
 * The metrics of one of several like things, of repositories for example: `labels` tell which, and are on each of its
 * samples. May be called for any number of them, each time with the same label names.
 */
export function createLabelledMetrics<D extends MetricDefinitions>(
  definitions: D,
  registry: MetricsRegistry,
  labels: Labels,
): Metrics<D> {
  const names = Object.keys(labels);
  const entries = Object.entries(definitions).map(([key, definition]) => {
    return [key, bind(sharedMetric(definition, registry, names), definition, labels)] as const;
  });
  // The types of the values follow from the definitions; Object.fromEntries cannot know it.
  return Object.fromEntries(entries) as Metrics<D>;
}
