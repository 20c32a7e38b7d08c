interface Definition<L extends string> {
  /** Name as scraped; a counter's ends in `_total` unless a contract says otherwise. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly labels?: readonly L[];
}

/** Only grows. */
export interface CounterDefinition<L extends string = string> extends Definition<L> {
  readonly type: 'counter';
}
/** A value of now. */
export interface GaugeDefinition<L extends string = string> extends Definition<L> {
  readonly type: 'gauge';
}
/** Counts of observations up to each bucket's upper bound. */
export interface HistogramDefinition<L extends string = string> extends Definition<L> {
  readonly type: 'histogram';
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets: readonly number[];
}
/** Sum and number of observations, no quantiles. */
export interface SummaryDefinition<L extends string = string> extends Definition<L> {
  readonly type: 'summary';
}

export type MetricDefinition = CounterDefinition | GaugeDefinition | HistogramDefinition | SummaryDefinition;

export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

/** The metrics of a command as plain data, with their literal label names: the source of code and documentation. */
export function defineMetrics<const D extends MetricDefinitions>(definitions: D): D {
  return definitions;
}

/** One line of a documentation table. */
export interface MetricRow {
  readonly name: string;
  readonly type: MetricDefinition['type'];
  readonly labels: readonly string[];
  readonly help: string;
}

/** The rows of the documentation, in the order of the definitions. */
export function metricsTable(definitions: MetricDefinitions): MetricRow[] {
  return Object.values(definitions).map(({ name, type, labels, help }) => {
    return { name, type, labels: labels ?? [], help };
  });
}
