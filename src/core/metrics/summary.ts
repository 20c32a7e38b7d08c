import type { MetricsRegistry, Sample } from './registry.ts';

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  sum: number;
  count: number;
}

/**
 * A summary without quantiles: two numbers per series. prom-client's own keeps a t-digest per series (and its library)
 * even when no quantile is asked for.
 */
export interface SumCount {
  observe(labels: Readonly<Record<string, string>>, value: number): void;
  remove(labels: Readonly<Record<string, string>>): void;
}

/** Registers a summary; without labels it is there with zeros from the start. */
export function createSumCount(
  registry: MetricsRegistry,
  definition: { readonly name: string; readonly help: string; readonly labels: readonly string[] },
): SumCount {
  const { name, help, labels: labelNames } = definition;
  const series = new Map<string, Series>();
  const key = (labels: Readonly<Record<string, string>>): string => {
    return JSON.stringify(labelNames.map((label) => labels[label]));
  };
  if (labelNames.length === 0) {
    series.set(key({}), { labels: {}, sum: 0, count: 0 });
  }
  registry.addScraped({
    name,
    help,
    type: 'summary',
    samples: () => [...series.values()].flatMap((one) => samplesOf(name, one)),
  });
  return {
    observe(labels, value) {
      const one = series.get(key(labels)) ?? { labels: { ...labels }, sum: 0, count: 0 };
      one.sum += value;
      one.count += 1;
      series.set(key(labels), one);
    },
    remove(labels) {
      series.delete(key(labels));
    },
  };
}

function samplesOf(name: string, { labels, sum, count }: Series): Sample[] {
  return [
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
