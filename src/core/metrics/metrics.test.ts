import { describe, expect, it } from 'vitest';
import {
  addProcessMetrics,
  createMetrics,
  createRegistry,
  defineMetrics,
  metricsTable,
  readMetrics,
} from './metrics.ts';

const DEFINITIONS = defineMetrics({
  syncs: { type: 'counter', name: 't_sync_total', help: 'Syncs.', labels: ['status'] },
  fetches: { type: 'counter', name: 't_fetch_total', help: 'Fetches.' },
  age: { type: 'gauge', name: 't_age_seconds', help: 'Age.' },
  hash: { type: 'gauge', name: 't_hash', help: 'Hash.', labels: ['repo', 'hash'] },
  wait: { type: 'histogram', name: 't_wait_seconds', help: 'Wait.', buckets: [1, 5] },
  pass: { type: 'histogram', name: 't_pass_seconds', help: 'Pass.', buckets: [1], labels: ['status'] },
  duration: { type: 'summary', name: 't_duration_seconds', help: 'Duration.', labels: ['status'] },
  total: { type: 'summary', name: 't_total_seconds', help: 'Total.' },
});

async function linesOf(registry: ReturnType<typeof createRegistry>): Promise<string[]> {
  return (await registry.scrape()).body.split('\n');
}

function setUp(): { registry: ReturnType<typeof createRegistry>; metrics: ReturnType<typeof create> } {
  const registry = createRegistry();
  return { registry, metrics: create(registry) };
}

function create(registry: ReturnType<typeof createRegistry>) {
  return createMetrics(DEFINITIONS, registry);
}

describe('createMetrics', () => {
  it('shows metrics without labels as 0 from the start and those with labels on first use', async () => {
    const { registry, metrics } = setUp();
    const before = await linesOf(registry);
    expect(before).toContain('t_fetch_total 0');
    expect(before).toContain('t_age_seconds 0');
    expect(before).toContain('t_total_seconds_count 0');
    expect(before).toContain('# TYPE t_sync_total counter');
    expect(before.filter((line) => line.startsWith('t_sync_total'))).toEqual([]);
    metrics.syncs.inc({ status: 'success' });
    expect(await linesOf(registry)).toContain('t_sync_total{status="success"} 1');
  });

  it('counts by more than one and by none', async () => {
    const { registry, metrics } = setUp();
    metrics.fetches.inc();
    metrics.fetches.inc(2);
    metrics.fetches.inc(0);
    metrics.syncs.inc({ status: 'error' }, 4);
    const lines = await linesOf(registry);
    expect(lines).toContain('t_fetch_total 3');
    expect(lines).toContain('t_sync_total{status="error"} 4');
  });

  it('sets, moves and removes gauges', async () => {
    const { registry, metrics } = setUp();
    metrics.age.set(7);
    metrics.age.inc(-2);
    metrics.hash.set({ repo: 'a', hash: 'old' }, 1);
    metrics.hash.remove({ repo: 'a', hash: 'old' });
    metrics.hash.set({ repo: 'a', hash: 'new' }, 1);
    const lines = await linesOf(registry);
    expect(lines).toContain('t_age_seconds 5');
    expect(lines.filter((line) => line.startsWith('t_hash{'))).toEqual(['t_hash{repo="a",hash="new"} 1']);
  });

  it('sorts observations into the buckets of a histogram', async () => {
    const { registry, metrics } = setUp();
    metrics.wait.observe(3);
    metrics.pass.observe({ status: 'ok' }, 0.5);
    const lines = await linesOf(registry);
    expect(lines).toContain('t_wait_seconds_bucket{le="1"} 0');
    expect(lines).toContain('t_wait_seconds_bucket{le="5"} 1');
    expect(lines).toContain('t_wait_seconds_bucket{le="+Inf"} 1');
    expect(lines).toContain('t_pass_seconds_sum{status="ok"} 0.5');
  });

  it('gives a summary its sum and count only', async () => {
    const { registry, metrics } = setUp();
    metrics.duration.observe({ status: 'noop' }, 0.25);
    metrics.duration.observe({ status: 'noop' }, 0.5);
    metrics.total.observe(2);
    const lines = (await linesOf(registry)).filter((line) => /t_(duration|total)_seconds/.test(line));
    expect(lines).toEqual([
      '# HELP t_duration_seconds Duration.',
      '# TYPE t_duration_seconds summary',
      't_duration_seconds_sum{status="noop"} 0.75',
      't_duration_seconds_count{status="noop"} 2',
      '# HELP t_total_seconds Total.',
      '# TYPE t_total_seconds summary',
      't_total_seconds_sum 2',
      't_total_seconds_count 1',
    ]);
  });

  it('gives the same metric when it is registered again', async () => {
    const { registry, metrics } = setUp();
    create(registry).syncs.inc({ status: 'success' });
    metrics.syncs.inc({ status: 'success' });
    create(registry).total.observe(1);
    metrics.total.observe(2);
    const lines = await linesOf(registry);
    expect(lines).toContain('t_sync_total{status="success"} 2');
    expect(lines).toContain('t_total_seconds_sum 3');
  });

  it('refuses a name that is registered as another metric', () => {
    const { registry } = setUp();
    const other = defineMetrics({ age: { type: 'counter', name: 't_age_seconds', help: 'Age.' } });
    expect(() => createMetrics(other, registry)).toThrow('t_age_seconds is registered with another');
    expect(() => createMetrics(DEFINITIONS, registry, { repository: 'a' })).toThrow(
      'is registered with another',
    );
  });

  it('lets each part of a process count under labels of its own', async () => {
    const registry = createRegistry();
    const [a, b] = ['a', 'b'].map((repository) => createMetrics(DEFINITIONS, registry, { repository }));
    a?.syncs.inc({ status: 'success' });
    b?.fetches.inc(2);
    b?.age.set(7);
    b?.duration.observe({ status: 'noop' }, 0.5);
    b?.wait.observe(2);
    b?.hash.set({ repo: 'r', hash: 'old' }, 1);
    b?.hash.remove({ repo: 'r', hash: 'old' });
    const lines = await linesOf(registry);
    expect(
      lines.filter((line) => /^t_(fetch|sync|age|duration|total|hash|wait_seconds_sum)/.test(line)),
    ).toEqual([
      't_sync_total{repository="a",status="success"} 1',
      't_fetch_total{repository="a"} 0',
      't_fetch_total{repository="b"} 2',
      't_age_seconds{repository="a"} 0',
      't_age_seconds{repository="b"} 7',
      't_wait_seconds_sum{repository="a"} 0',
      't_wait_seconds_sum{repository="b"} 2',
      't_duration_seconds_sum{repository="b",status="noop"} 0.5',
      't_duration_seconds_count{repository="b",status="noop"} 1',
      't_total_seconds_sum{repository="a"} 0',
      't_total_seconds_count{repository="a"} 0',
      't_total_seconds_sum{repository="b"} 0',
      't_total_seconds_count{repository="b"} 0',
    ]);
  });

  it('asks no more for a declared label whose value is fixed', async () => {
    const registry = createRegistry();
    const metrics = createMetrics(DEFINITIONS, registry, { status: 'success' });
    metrics.syncs.inc(3);
    expect(await linesOf(registry)).toContain('t_sync_total{status="success"} 3');
  });

  it('escapes what is in a label', async () => {
    const { registry, metrics } = setUp();
    metrics.syncs.inc({ status: 'a"b\\c\nd' });
    expect(await linesOf(registry)).toContain('t_sync_total{status="a\\"b\\\\c\\nd"} 1');
  });

  it('accepts only the declared labels, by type', () => {
    const { metrics } = setUp();
    const never = (): void => {
      // @ts-expect-error -- a label that is not declared
      metrics.syncs.inc({ state: 'success' });
      // @ts-expect-error -- a labelled counter needs its labels
      metrics.syncs.inc();
      // @ts-expect-error -- a plain counter takes none
      metrics.fetches.inc({ status: 'success' });
      // @ts-expect-error -- no such metric
      metrics.nothing.inc();
    };
    expect(never).toBeTypeOf('function');
  });
});

describe('createRegistry', () => {
  it('answers in the text format 0.0.4', async () => {
    const { registry } = setUp();
    const { contentType, body } = await registry.scrape();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body.endsWith('\n')).toBe(true);
  });
});

describe('readMetrics', () => {
  const READ = defineMetrics({
    age: { type: 'gauge', name: 't_read_age_seconds', help: 'Age.' },
    runs: { type: 'counter', name: 't_read_runs_total', help: 'Runs.', labels: ['result'] },
    time: { type: 'summary', name: 't_read_seconds', help: 'Time.' },
  });

  it('reads values at each scrape, and leaves out what has none or fails', async () => {
    const registry = createRegistry();
    let age: number | undefined = 1;
    readMetrics(READ, registry, {
      age: () => age,
      runs: () => [{ labels: { result: 'ok' }, value: 4 }],
      time: () => {
        throw new Error('not there');
      },
    });
    expect((await linesOf(registry)).filter((line) => line.startsWith('t_'))).toEqual([
      't_read_age_seconds 1',
      't_read_runs_total{result="ok"} 4',
    ]);
    age = undefined;
    expect((await linesOf(registry)).filter((line) => line.startsWith('t_read_age'))).toEqual([]);
  });

  it('adds the series of each part of a process under its own labels', async () => {
    const registry = createRegistry();
    for (const [credential, count] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const readers = { age: () => count, runs: () => [], time: () => [{ sum: 0.5, count }] };
      readMetrics(READ, registry, readers, { credential });
    }
    expect((await linesOf(registry)).filter((line) => line.startsWith('t_'))).toEqual([
      't_read_age_seconds{credential="a"} 1',
      't_read_age_seconds{credential="b"} 2',
      't_read_seconds_sum{credential="a"} 0.5',
      't_read_seconds_count{credential="a"} 1',
      't_read_seconds_sum{credential="b"} 0.5',
      't_read_seconds_count{credential="b"} 2',
    ]);
  });
});

describe('addProcessMetrics', () => {
  it('tells memory, CPU, start time and file descriptors of this process', async () => {
    const registry = createRegistry();
    addProcessMetrics(registry);
    const lines = await linesOf(registry);
    const value = (name: string): number => {
      return Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    };
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(Math.abs(value('process_start_time_seconds') - Date.now() / 1000)).toBeLessThan(3600);
    expect(value('process_open_fds')).toBeGreaterThan(2);
    expect(value('process_max_fds')).toBeGreaterThan(value('process_open_fds'));
    expect(lines).toContain('# TYPE process_cpu_seconds_total counter');
  });
});

describe('metricsTable', () => {
  it('lists each metric with its labels', () => {
    expect(metricsTable(DEFINITIONS).slice(0, 2)).toEqual([
      { name: 't_sync_total', type: 'counter', labels: ['status'], help: 'Syncs.' },
      { name: 't_fetch_total', type: 'counter', labels: [], help: 'Fetches.' },
    ]);
  });
});
