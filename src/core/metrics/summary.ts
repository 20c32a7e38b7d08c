import type { SummaryDefinition } from './definitions.ts';
import { addComputed, type Labels, type MetricsRegistry, registerOnce, type Sample } from './registry.ts';

interface Series {
  readonly labels: Labels;
  sum: number;
  count: number;
}

/**
 * A summary without quantiles: two numbers per series. prom-client's own keeps a t-digest per series (and its library)
 * even when no quantile is asked for.
 */
export interface SumCount {
  observe(labels: Labels, value: number): void;
  remove(labels: Labels): void;
  removeAll(isOf: (labels: Labels) => boolean): void;
  /** Shows a series with zeros before its first observation. */
  zero(labels: Labels): void;
}

/** Registers a summary, or finds the one that is registered. */
export function createSumCount(
  registry: MetricsRegistry,
  definition: SummaryDefinition,
  labelNames: readonly string[],
): SumCount {
  return registerOnce(registry, definition, labelNames, (prom) => {
    const series = new Map<string, Series>();
    const key = (labels: Labels): string => JSON.stringify(labelNames.map((label) => labels[label]));
    const seriesOf = (labels: Labels): Series => {
      const one = series.get(key(labels)) ?? { labels: { ...labels }, sum: 0, count: 0 };
      series.set(key(labels), one);
      return one;
    };
    addComputed(prom, definition, () => {
      return [...series.values()].flatMap((one) => sumAndCount(definition.name, one));
    });
    return {
      observe(labels, value) {
        const one = seriesOf(labels);
        one.sum += value;
        one.count += 1;
      },
      remove(labels) {
        series.delete(key(labels));
      },
      removeAll(isOf) {
        for (const one of [...series.values()].filter(({ labels }) => isOf(labels))) {
          series.delete(key(one.labels));
        }
      },
      zero(labels) {
        seriesOf(labels);
      },
    };
  });
}

/** The two lines of a summary's series. */
export function sumAndCount(name: string, { labels, sum, count }: Series): Sample[] {
  return [
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
