import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  type AuthorityState,
  afterStep,
  bundleOf,
  contains,
  firstState,
  nextStep,
  secretData,
  stateOfSecret,
} from './authority-state.ts';
import { servedOf } from './pem.ts';
import { makeAuthority, makeLeaf } from './x509.lazy.ts';

const DAY = 86_400_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;
const TIMES = { settleMs: 120_000, oldStaysMs: 600_000 };
let first: Authority;
let second: Authority;
beforeAll(async () => {
  first = await makeAuthority(NOW, 90 * DAY);
  second = await makeAuthority(NOW + 61 * DAY, 90 * DAY);
});

const step = (state: AuthorityState, published: readonly string[], now: number) =>
  nextStep(state, published, now, TIMES);

describe('a rotation', () => {
  it('publishes before it signs, and drops the old one last', () => {
    const start = firstState(first, NOW);
    const later = NOW + 61 * DAY;
    expect(step(start, [bundleOf(start)], NOW + 59 * DAY)).toBe('none');
    expect(step(start, [bundleOf(start)], later)).toBe('add-next');

    const added = afterStep(start, 'add-next', later, second);
    expect(added.signer).toBe(first);
    expect([contains(bundleOf(added), first.cert), contains(bundleOf(added), second.cert)]).toEqual([
      true,
      true,
    ]);
    // Not before every webhook has it, and not before it has been out for a while.
    expect(step(added, [bundleOf(added), bundleOf(start)], later + DAY)).toBe('none');
    expect(step(added, [], later + DAY)).toBe('none');
    expect(step(added, [bundleOf(added)], later + 60_000)).toBe('none');
    expect(step(added, [bundleOf(added), bundleOf(added)], later + 120_000)).toBe('promote-next');

    const promoted = afterStep(added, 'promote-next', later + 120_000);
    expect(promoted.signer).toBe(second);
    expect(contains(bundleOf(promoted), first.cert)).toBe(true);
    expect(step(promoted, [bundleOf(promoted)], later + 700_000)).toBe('none');
    expect(step(promoted, [bundleOf(promoted)], later + 720_000)).toBe('drop-old');

    const dropped = afterStep(promoted, 'drop-old', later + 720_000);
    expect(bundleOf(dropped)).toBe(second.cert);
    expect(step(dropped, [bundleOf(dropped)], later + DAY)).toBe('none');
  });

  it('changes nothing for a step that is none', () => {
    const state = firstState(first, NOW);
    expect(afterStep(state, 'none', NOW + DAY)).toBe(state);
    expect(afterStep(state, 'promote-next', NOW + DAY)).toBe(state);
  });
});

describe('a Secret', () => {
  it('holds every state and gives it back', () => {
    const added = afterStep(firstState(first, NOW), 'add-next', NOW, second);
    const promoted = afterStep(added, 'promote-next', NOW);
    for (const state of [firstState(first, NOW), added, promoted]) {
      expect(stateOfSecret({ data: secretData(state) })).toEqual(state);
    }
  });

  it.each([
    ['nothing', {}],
    ['no certificate', { data: { 'ca.crt': 'aGVsbG8=', 'ca.key': 'aGVsbG8=' } }],
    ['something else', { data: 'x' }],
  ])('with %s in it has no state', (_what, secret) => {
    expect(stateOfSecret(secret)).toBeUndefined();
  });
});

describe('contains', () => {
  it('finds a certificate in any layout, and no other', () => {
    const windows = `# comment\r\n${first.cert.replaceAll('\n', '\r\n')}`;
    expect(contains(windows, first.cert)).toBe(true);
    expect(contains(windows, second.cert)).toBe(false);
    expect(contains('', first.cert)).toBe(false);
  });
});

describe('a certificate', () => {
  it('is for its names, and ends with its authority at the latest', async () => {
    const { cert, key } = await makeLeaf({
      authority: first,
      names: ['a.b.svc', 'a'],
      now: NOW,
      lifeMs: 900 * DAY,
    });
    const served = servedOf(cert, key);
    expect(served.names).toEqual(['a.b.svc', 'a']);
    expect(served.expiresAt).toBe(first.notAfter);
  });
});
