import { describe, expect, it } from 'vitest';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createWarnLimit } from './warn-limit.ts';

const HOUR_MS = 3_600_000;

describe('warnings of a job', () => {
  it('come once a minute, whatever they say, with the number of those held back', async () => {
    const clock = createVirtualClock('2025-01-01T00:00:00Z', HOUR_MS);
    const { log, lines } = createRecordedLog(0);
    const warnings = createWarnLimit(log, clock);
    while (!clock.signal.aborted) {
      warnings.warn('often', 'not starting: job is still running');
      warnings.warn('often', 'cannot send a ping');
      await clock.sleep(1000);
    }
    const parsed = lines.map((line) => JSON.parse(line) as { ts: string; suppressed?: number });
    expect(parsed).toHaveLength(60);
    expect(parsed[0]).not.toHaveProperty('suppressed');
    expect(parsed.slice(1).every(({ suppressed }) => suppressed === 119)).toBe(true);
  });

  it('do not hold back those of another job', () => {
    const { log, lines } = createRecordedLog(0);
    const warnings = createWarnLimit(log, createVirtualClock('2025-01-01T00:00:00Z', HOUR_MS));
    warnings.warn('one', 'late');
    warnings.warn('two', 'late');
    warnings.warn('one', 'late');
    expect(lines).toHaveLength(2);
  });
});
