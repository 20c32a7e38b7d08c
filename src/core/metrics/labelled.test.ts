import { describe, expect, it } from 'vitest';
import { createLabelledMetrics } from './labelled.ts';
import { createRegistry, defineMetrics } from './metrics.ts';

const DEFINITIONS = defineMetrics({
  syncs: { type: 'counter', name: 't_sync_total', help: 'Syncs.', labels: ['status'] },
  fetches: { type: 'counter', name: 't_fetch_total', help: 'Fetches.' },
  age: { type: 'gauge', name: 't_age_seconds', help: 'Age.' },
  hash: { type: 'gauge', name: 't_hash', help: 'Hash.', labels: ['hash'] },
  wait: { type: 'histogram', name: 't_wait_seconds', help: 'Wait.', buckets: [1] },
  duration: { type: 'summary', name: 't_duration_seconds', help: 'Duration.', labels: ['status'] },
});

describe('metrics of several repositories', () => {
  it('are registered once and told apart by their label', async () => {
    const registry = createRegistry();
    const [a, b] = ['a', 'b'].map((repository) =>
      createLabelledMetrics(DEFINITIONS, registry, { repository }),
    );
    a?.syncs.inc({ status: 'success' });
    a?.syncs.inc({ status: 'success' }, 2);
    b?.fetches.inc();
    b?.age.set(7);
    a?.hash.set({ hash: 'x' }, 1);
    b?.hash.set({ hash: 'y' }, 1);
    b?.hash.remove({ hash: 'y' });
    a?.wait.observe(0.5);
    b?.duration.observe({ status: 'noop' }, 2);
    const lines = (await registry.scrape()).body.split('\n');
    expect(lines.filter((line) => /^t_(sync|fetch|age|hash|duration)/.test(line)).toSorted()).toEqual([
      't_age_seconds{repository="a"} 0',
      't_age_seconds{repository="b"} 7',
      't_duration_seconds_count{repository="b",status="noop"} 1',
      't_duration_seconds_sum{repository="b",status="noop"} 2',
      't_fetch_total{repository="a"} 0',
      't_fetch_total{repository="b"} 1',
      't_hash{repository="a",hash="x"} 1',
      't_sync_total{repository="a",status="success"} 3',
    ]);
    expect(lines).toContain('t_wait_seconds_count{repository="a"} 1');
    expect(lines.filter((line) => line === '# TYPE t_sync_total counter')).toHaveLength(1);
  });
});
