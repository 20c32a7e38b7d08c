import PromCounter from 'prom-client/lib/counter.js';
import PromGauge from 'prom-client/lib/gauge.js';
import PromHistogram from 'prom-client/lib/histogram.js';
import type { MetricDefinition } from './definitions.ts';
import { type Labels, type MetricsRegistry, registerOnce } from './registry.ts';
import { createSumCount } from './summary.ts';

/** What can be done with a metric of some type, all labels given. */
export interface Operations {
  inc?(labels: Labels, by: number): void;
  set?(labels: Labels, value: number): void;
  observe?(labels: Labels, value: number): void;
  /** Ends a series. */
  remove(labels: Labels): void;
  /** Shows a series before anything has happened. */
  zero(labels: Labels): void;
}

/** The metric of a definition, registered now or before. */
export function operationsOf(
  definition: MetricDefinition,
  registry: MetricsRegistry,
  labelNames: readonly string[],
): Operations {
  const { name, help } = definition;
  const once = <M>(
    make: (config: { name: string; help: string; labelNames: string[]; registers: [] }) => M,
  ): M =>
    registerOnce(registry, definition, labelNames, (prom) => {
      const metric = make({ name, help, labelNames: [...labelNames], registers: [] });
      prom.registerMetric(metric as never);
      return metric;
    });
  switch (definition.type) {
    case 'counter': {
      const counter = once((config) => new PromCounter(config));
      return {
        inc: (labels, by) => counter.inc(labels, by),
        remove: (labels) => counter.remove(labels),
        zero: (labels) => counter.inc(labels, 0),
      };
    }
    case 'gauge': {
      const gauge = once((config) => new PromGauge(config));
      return {
        inc: (labels, by) => gauge.inc(labels, by),
        set: (labels, value) => gauge.set(labels, value),
        remove: (labels) => gauge.remove(labels),
        zero: (labels) => gauge.inc(labels, 0),
      };
    }
    case 'histogram': {
      const histogram = once((config) => new PromHistogram({ ...config, buckets: [...definition.buckets] }));
      return {
        observe: (labels, value) => histogram.observe(labels, value),
        remove: (labels) => histogram.remove(labels),
        zero: (labels) => histogram.zero(labels),
      };
    }
    default:
      return createSumCount(registry, definition, labelNames);
  }
}

/** The operations under the labels of one part of the process; a metric without other labels takes none. */
export function bind(operations: Operations, fixed: Labels, isPlain: boolean): unknown {
  if (isPlain) {
    return {
      inc: (by = 1) => operations.inc?.(fixed, by),
      set: (value: number) => operations.set?.(fixed, value),
      observe: (value: number) => operations.observe?.(fixed, value),
    };
  }
  const all = (labels: Labels): Labels => ({ ...fixed, ...labels });
  return {
    inc: (labels: Labels, by = 1) => operations.inc?.(all(labels), by),
    set: (labels: Labels, value: number) => operations.set?.(all(labels), value),
    observe: (labels: Labels, value: number) => operations.observe?.(all(labels), value),
    remove: (labels: Labels) => operations.remove(all(labels)),
  };
}
