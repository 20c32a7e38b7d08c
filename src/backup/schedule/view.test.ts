import { expect, it } from 'vitest';
import { createFakeClock } from '../../core/testing/fake-clock.ts';
import { STORE_ERRORS } from '../errors.ts';
import { createView, renderFacts } from './view.ts';

const outcome = {
  snapshot: { id: 'a', time: 5 },
  files: 1,
  bytes: 2,
  added: 3,
  changing: 0,
  removed: 0,
  snapshots: [],
};

it('tells successes, failures and refusals apart, and keeps the last success', async () => {
  const clock = createFakeClock();
  const view = createView(clock);
  view.began();
  view.succeeded(outcome, 1500);
  await clock.advance(10_000);
  view.began();
  view.failed(STORE_ERRORS.backup_refused({ message: 'the volume is empty' }));
  view.failed(new Error('no answer'));
  expect(renderFacts(view.facts())).toMatchObject({
    lastAttempt: new Date(1_010_000).toISOString(),
    lastSuccess: new Date(1_000_000).toISOString(),
    lastDurationSeconds: 1.5,
    lastSnapshot: { snapshot: 'a', files: 1 },
    lastError: { code: 'internal', message: 'no answer' },
    results: { success: 1, failure: 1, refused: 1 },
  });
});

it('is stale when the last success is too old, also when there never was one', async () => {
  const clock = createFakeClock();
  const view = createView(clock);
  await clock.advance(61_000);
  expect(view.staleness(0)).toBeUndefined();
  expect(view.staleness(60_000)).toContain('61 s old');
  view.found(clock.now() - 1000);
  expect(view.staleness(60_000)).toBeUndefined();
});

it('counts a verification that found problems as none', () => {
  const view = createView(createFakeClock());
  view.verified(2);
  expect(renderFacts(view.facts())).toMatchObject({ lastVerify: null, problems: 2 });
});
