import type { Metric } from 'prom-client';
import PromRegistry from 'prom-client/lib/registry.js';

/** A scrape's answer, ready for an HTTP response. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** One sample of a metric that is read at scrape time. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** Differs from the metric's name in `_sum` and `_count`. */
  readonly metricName?: string;
}

/** A metric whose samples are computed when somebody asks. */
export interface ScrapedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly samples: () => readonly Sample[];
}

/** The metrics of one process or one test; nothing is global. */
export interface MetricsRegistry {
  /** Everything registered, in the text format 0.0.4. */
  scrape(): Promise<Scrape>;
  /** Runs before each scrape: for gauges that tell an age. */
  beforeScrape(update: () => void): void;
  addScraped(metric: ScrapedMetric): void;
  /** Where prom-client's own metric types register. */
  readonly prom: PromRegistry;
}

/** An empty registry; it has no timers and no default collectors. */
export function createRegistry(): MetricsRegistry {
  const prom = new PromRegistry();
  const updates: (() => void)[] = [];
  return {
    prom,
    async scrape() {
      for (const update of updates) {
        update();
      }
      return { contentType: prom.contentType, body: await prom.metrics() };
    },
    beforeScrape(update) {
      updates.push(update);
    },
    addScraped({ name, help, type, samples }) {
      // All the registry asks of a metric is its name and get(); its declared type wants prom-client's own classes.
      const metric = { name, get: () => ({ name, help, type, values: samples() }) };
      prom.registerMetric(metric as unknown as Metric);
    },
  };
}
