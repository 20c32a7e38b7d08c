import { expect, it } from 'vitest';
import { createRecent } from './recent.ts';

const told = (at: number, result: string) => ({
  review: {
    apiVersion: 'admission.k8s.io/v1',
    uid: String(at),
    operation: 'CREATE',
    subResource: '',
    namespace: `ns-${at}`,
    name: 'web-<new>',
    isDryRun: false,
    object: {},
  },
  result,
  reason: result === 'refused' ? 'bad-value' : 'injected',
  message: 'git-sync.period: "canary" must be a duration',
});

it('counts by reason, and tells when and where pods were refused, but neither names nor words', () => {
  const recent = createRecent();
  for (let at = 0; at < 25; at += 1) {
    recent.note(told(at, at % 2 === 0 ? 'refused' : 'changed'), at);
  }
  const { decisions, refusals } = recent.snapshot() as {
    decisions: object;
    refusals: { namespace: string }[];
  };
  expect(decisions).toEqual({ 'bad-value': 13, injected: 12 });
  expect(refusals.map(({ namespace }) => namespace)).toEqual(
    [24, 22, 20, 18, 16, 14, 12, 10, 8, 6].map((at) => `ns-${at}`),
  );
  expect(JSON.stringify(refusals)).not.toMatch(/canary|web/);
});
