import type { MetricDefinition, MetricDefinitions } from './definitions.ts';
import { bind, operationsOf } from './operations.ts';
import { allLabels, type Labels, type MetricsRegistry } from './registry.ts';

export * from './definitions.ts';
export { addProcessMetrics, PROCESS_METRICS } from './process-metrics.ts';
export { type Readers, type ReadSeries, readMetrics } from './read-metrics.ts';
export type { Labels, MetricsRegistry, Scrape } from './registry.ts';
export { createRegistry, removeSeries } from './registry.ts';

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

type MetricOf<D extends MetricDefinition, L extends string> = D['type'] extends 'counter'
  ? Counter<L>
  : D['type'] extends 'gauge'
    ? Gauge<L>
    : Histogram<L>;

/** The metrics of a set of definitions, under the same keys; `Fixed` are labels whose values are given already. */
export type Metrics<D extends MetricDefinitions, Fixed extends string = never> = {
  readonly [K in keyof D]: MetricOf<D[K], Exclude<LabelsOf<D[K]>, Fixed>>;
};

/**
 * Registers the metrics. Those without labels are scraped as 0 from the start, those with labels from their first use.
 * `fixed` labels are part of each series, declared or not: several parts of a process (one per repository, one per
 * credential) register the same metrics and count under labels of their own.
 * @throws Error when a name is no valid one, or is registered as another metric
 */
export function createMetrics<D extends MetricDefinitions, Fixed extends string = never>(
  definitions: D,
  registry: MetricsRegistry,
  fixed?: Readonly<Record<Fixed, string>>,
): Metrics<D, Fixed> {
  const entries = Object.entries(definitions).map(
    ([key, one]) => [key, createMetric(one, registry, fixed ?? {})] as const,
  );
  // The types of the values follow from the definitions; Object.fromEntries cannot know it.
  return Object.fromEntries(entries) as Metrics<D, Fixed>;
}

function createMetric(definition: MetricDefinition, registry: MetricsRegistry, fixed: Labels): unknown {
  const { labels = [] } = definition;
  const operations = operationsOf(definition, registry, allLabels(definition, fixed));
  const isPlain = labels.every((label) => label in fixed);
  if (isPlain) {
    operations.zero(fixed);
  }
  return bind(operations, fixed, isPlain);
}
