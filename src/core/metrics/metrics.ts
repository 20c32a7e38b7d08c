import PromCounter from 'prom-client/lib/counter.js';
import PromGauge from 'prom-client/lib/gauge.js';
import PromHistogram from 'prom-client/lib/histogram.js';
import type { MetricDefinition, MetricDefinitions } from './definitions.ts';
import type { MetricsRegistry } from './registry.ts';
import { createSumCount } from './summary.ts';

export * from './definitions.ts';
export { addProcessMetrics, PROCESS_METRICS } from './process-metrics.ts';
export type { MetricsRegistry, Scrape } from './registry.ts';
export { createRegistry } from './registry.ts';

type LabelsOf<D> = D extends { readonly labels: readonly (infer L extends string)[] } ? L : never;
type Values<L extends string> = Readonly<Record<L, string>>;

interface PlainCounter {
  inc(by?: number): void;
}
interface LabelledCounter<L extends string> {
  inc(labels: Values<L>, by?: number): void;
  remove(labels: Values<L>): void;
}
interface PlainGauge {
  set(value: number): void;
  inc(by?: number): void;
}
interface LabelledGauge<L extends string> {
  set(labels: Values<L>, value: number): void;
  inc(labels: Values<L>, by?: number): void;
  /** Ends a series: of a repository that is gone, of the hash before. */
  remove(labels: Values<L>): void;
}
interface PlainObserver {
  observe(value: number): void;
}
interface LabelledObserver<L extends string> {
  observe(labels: Values<L>, value: number): void;
  remove(labels: Values<L>): void;
}

type Either<L extends string, Plain, Labelled> = [L] extends [never] ? Plain : Labelled;
export type Counter<L extends string = never> = Either<L, PlainCounter, LabelledCounter<L>>;
export type Gauge<L extends string = never> = Either<L, PlainGauge, LabelledGauge<L>>;
export type Histogram<L extends string = never> = Either<L, PlainObserver, LabelledObserver<L>>;
export type Summary<L extends string = never> = Histogram<L>;

type MetricOf<D extends MetricDefinition> = D['type'] extends 'counter'
  ? Counter<LabelsOf<D>>
  : D['type'] extends 'gauge'
    ? Gauge<LabelsOf<D>>
    : Histogram<LabelsOf<D>>;

/** The metrics of a set of definitions, under the same keys. */
export type Metrics<D extends MetricDefinitions> = { readonly [K in keyof D]: MetricOf<D[K]> };

/**
 * Registers the metrics. Those without labels are scraped as 0 from the start, those with labels from their first use.
 * A name that is registered already, or is not a valid name, throws.
 */
export function createMetrics<D extends MetricDefinitions>(
  definitions: D,
  registry: MetricsRegistry,
): Metrics<D> {
  const entries = Object.entries(definitions).map(
    ([key, one]) => [key, createMetric(one, registry)] as const,
  );
  // The types of the values follow from the definitions; Object.fromEntries cannot know it.
  return Object.fromEntries(entries) as Metrics<D>;
}

/** One metric, in the shape that its definition asks for. */
export function createMetric(definition: MetricDefinition, registry: MetricsRegistry): unknown {
  const { name, help, labels = [] } = definition;
  const config = { name, help, labelNames: [...labels], registers: [registry.prom] };
  if (definition.type === 'counter') {
    return new PromCounter(config);
  }
  if (definition.type === 'gauge') {
    return new PromGauge(config);
  }
  if (definition.type === 'histogram') {
    return new PromHistogram({ ...config, buckets: [...definition.buckets] });
  }
  return createSummary(registry, { name, help, labels });
}

function createSummary(
  registry: MetricsRegistry,
  definition: { readonly name: string; readonly help: string; readonly labels: readonly string[] },
): PlainObserver | LabelledObserver<string> {
  const summary = createSumCount(registry, definition);
  return definition.labels.length > 0 ? summary : { observe: (value: number) => summary.observe({}, value) };
}
