import { describe, expect, it } from 'vitest';
import type { Json } from '../../../kubernetes/json.ts';
import type { Told } from '../handler.ts';
import { controllerOf, eventName, eventOf, keyOf, type Notice, noticeOf, pathOf } from './event.ts';

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f8', uid: 'u-1', controller: true };

function told(changes: Partial<Told> = {}, review: object = {}): Told {
  return {
    review: {
      apiVersion: 'admission.k8s.io/v1',
      uid: 'r',
      operation: 'CREATE',
      subResource: '',
      namespace: 'shop',
      name: 'web-<new>',
      isDryRun: false,
      object: { metadata: { ownerReferences: [OWNER] } },
      ...review,
    },
    result: 'refused',
    reason: 'bad-value',
    message: 'wrong',
    ...changes,
  };
}

describe('a notice', () => {
  it('is of refusals, and of pods that are left alone although they asked', () => {
    expect(noticeOf(told())).toMatchObject({ namespace: 'shop', reason: 'bad-value', owner: { uid: 'u-1' } });
    expect(noticeOf(told({ result: 'unchanged', reason: 'host-network' }))?.reason).toBe('host-network');
    for (const reason of ['not-asked', 'opted-out', 'already-injected', 'not-a-creation']) {
      expect(noticeOf(told({ result: 'unchanged', reason })), reason).toBeUndefined();
    }
    expect(noticeOf(told({ result: 'changed', reason: 'injected' }))).toBeUndefined();
  });

  it('is of no dry run, and of no pod without an owner', () => {
    expect(noticeOf(told({}, { isDryRun: true }))).toBeUndefined();
    expect(noticeOf(told({}, { object: {} }))).toBeUndefined();
  });
});

describe('the owner', () => {
  it('is the one that controls, whatever else stands there', () => {
    const of = (...references: readonly Json[]) =>
      controllerOf({ metadata: { ownerReferences: references } });
    expect(of({ ...OWNER, controller: false }, { ...OWNER, uid: 'u-2' })?.uid).toBe('u-2');
    expect(of({ ...OWNER, uid: 7 })).toBeUndefined();
    expect(of('x', null, [])).toBeUndefined();
    expect(controllerOf({ metadata: { ownerReferences: {} } })).toBeUndefined();
  });

  it('is asked who owns it where people know somebody else, with its name as one step of a path', () => {
    const notice = noticeOf(told()) as Notice;
    expect(pathOf(notice)).toBe('/apis/apps/v1/namespaces/shop/replicasets/web-5d4f8');
    const odd = { ...notice, namespace: '../x', owner: { ...notice.owner, name: 'a/../../b?c' } };
    expect(pathOf(odd)).toBe('/apis/apps/v1/namespaces/..%2Fx/replicasets/a%2F..%2F..%2Fb%3Fc');
    expect(pathOf({ ...notice, owner: { ...notice.owner, kind: 'StatefulSet' } })).toBeUndefined();
  });
});

describe('an Event', () => {
  const notice = noticeOf(told()) as Notice;

  it('has the reason as it is, and a name that is the same for every replica', () => {
    const event = eventOf(notice, { count: 3, now: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)) });
    expect(event).toMatchObject({
      reason: 'bad-value',
      count: 3,
      lastTimestamp: '2026-01-02T03:04:05Z',
      metadata: { name: eventName(notice), namespace: 'shop' },
    });
    expect(eventName(notice)).toMatch(/^web-5d4f8\.[0-9a-f]{16}$/);
    expect(
      eventName({ ...notice, owner: { ...notice.owner, name: 'x'.repeat(253) } }).length,
    ).toBeLessThanOrEqual(253);
  });

  it('is another one for another reason, word, owner or namespace', () => {
    const others: Notice[] = [
      { ...notice, reason: 'bad-ask' },
      { ...notice, message: 'other' },
      { ...notice, namespace: 'dev' },
      { ...notice, owner: { ...notice.owner, uid: 'u-9' } },
    ];
    expect(new Set([notice, ...others].map(keyOf)).size).toBe(5);
  });
});
