/** Metrics that are read when somebody asks: ages, sizes, counts that something keeps anyway. */
import type { MetricDefinition, MetricDefinitions } from './definitions.ts';
import {
  addComputed,
  allLabels,
  type Labels,
  type MetricsRegistry,
  registerOnce,
  type Sample,
} from './registry.ts';
import { sumAndCount } from './summary.ts';

/** One series as it is read: a value, or of a summary the sum and the number of its observations. */
export type ReadSeries =
  | { readonly labels?: Labels; readonly value: number }
  | { readonly labels?: Labels; readonly sum: number; readonly count: number };

/** A number for a metric without labels, undefined for one that has no value now, or its series. */
export type Reader = () => number | undefined | readonly ReadSeries[];

/** A reader per metric. */
export type Readers<D extends MetricDefinitions> = { readonly [K in keyof D]: Reader };

/**
 * Registers metrics that are read at each scrape, and never by a timer. `fixed` labels are part of each series;
 * registering the same metrics again, with other values of these labels, adds series. A reader that throws has none.
 */
export function readMetrics<D extends MetricDefinitions>(
  definitions: D,
  registry: MetricsRegistry,
  readers: Readers<D>,
  fixed: Labels = {},
): void {
  for (const [key, definition] of Object.entries(definitions)) {
    const read = readers[key as keyof D];
    readersOf(registry, definition, fixed).push(() => samplesOf(definition, read, fixed));
  }
}

function readersOf(
  registry: MetricsRegistry,
  definition: MetricDefinition,
  fixed: Labels,
): (() => readonly Sample[])[] {
  return registerOnce(registry, definition, allLabels(definition, fixed), (prom) => {
    const readers: (() => readonly Sample[])[] = [];
    addComputed(prom, definition, () => readers.flatMap((read) => read()));
    return readers;
  });
}

function samplesOf({ name }: MetricDefinition, read: Reader, fixed: Labels): readonly Sample[] {
  const found = valuesOf(read);
  const series = typeof found === 'number' ? [{ value: found }] : (found ?? []);
  return series.flatMap((one) => {
    const labels = { ...fixed, ...one.labels };
    return 'value' in one ? [{ labels, value: one.value }] : sumAndCount(name, { ...one, labels });
  });
}

function valuesOf(read: Reader): ReturnType<Reader> {
  try {
    return read();
  } catch {
    return undefined; // what the system does not tell is left out
  }
}
