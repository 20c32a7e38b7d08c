import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { decide } from '../engine/decide.ts';
import { runsOf } from '../testing/runs.ts';
import { testSettings } from '../testing/settings.ts';
import { type Review, readReview, renderVerdict, verdictOf } from './review.ts';

const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const REVIEW = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    namespace: 'shop',
    operation: 'CREATE',
    object: { metadata: { generateName: 'a-' } },
  },
};

function read(value: unknown): Review {
  const review = readReview(bodyOf(value));
  if ('problem' in review) {
    throw new Error(review.problem);
  }
  return review;
}

const responseOf = (review: Review, verdict: Parameters<typeof renderVerdict>[1]) =>
  (JSON.parse(renderVerdict(review, verdict)) as { response: Record<string, unknown> }).response;

it('a refusal is at most 200 characters, with whose it is', () => {
  const pod = { spec: { containers: [{ name: 'a' }] } };
  const decision = decide({ pod, namespace: '' }, testSettings(), '1');
  const long = { ...decision, outcome: 'refused', reason: 'bad-value', message: 'x'.repeat(200) } as const;
  const { status } = responseOf(read(REVIEW), verdictOf(long));
  expect(status).toMatchObject({ code: 422, message: expect.stringMatching(/^pillion: x{188}\.\.\.$/) });
});

describe('readReview', () => {
  it('reads what an API server sends, and names a pod that has no name yet', () => {
    expect(read(REVIEW)).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      uid: 'u-1',
      operation: 'CREATE',
      subResource: '',
      namespace: 'shop',
      name: 'a-<new>',
      isDryRun: false,
      object: { metadata: { generateName: 'a-' } },
    });
  });

  it.each([
    ['another kind', { ...REVIEW, kind: 'Pod' }],
    ['another version', { ...REVIEW, apiVersion: 'admission.k8s.io/v2' }],
    ['no request', { ...REVIEW, request: undefined }],
    ['no uid', { ...REVIEW, request: {} }],
    ['a uid that is none', { ...REVIEW, request: { uid: 7 } }],
    ['a uid without end', { ...REVIEW, request: { uid: 'a'.repeat(129) } }],
  ])('refuses %s', (_what, value) => {
    expect(readReview(bodyOf(value))).toHaveProperty('problem');
  });

  it('takes no prototype for a member', () => {
    const text = JSON.stringify(REVIEW).replace('"object":{', '"object":{"__proto__":{"a":1},');
    const review = readReview(Buffer.from(text));
    expect(review).not.toHaveProperty('problem');
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });
});

describe('renderVerdict', () => {
  it('gives a patch and its type together or not at all', () => {
    const review = read(REVIEW);
    expect(responseOf(review, { allowed: true, patch: [] })).toEqual({ uid: 'u-1', allowed: true });
    expect(responseOf(review, { allowed: true, patch: [{ op: 'add' }] })).toMatchObject({
      patchType: 'JSONPatch',
      patch: Buffer.from('[{"op":"add"}]').toString('base64'),
    });
  });

  it('keeps warnings within what an API server takes: 120 characters each, 4096 in all, none twice', () => {
    const warnings = Array.from({ length: 60 }, (_, at) => `${at} ${'x'.repeat(200)}\n`);
    const sent = responseOf(read(REVIEW), { allowed: true, warnings: [...warnings, ...warnings] })[
      'warnings'
    ] as string[];
    expect(sent.length).toBeGreaterThan(30);
    expect(Math.max(...sent.map((each) => each.length))).toBeLessThanOrEqual(120);
    expect(sent.join('').length).toBeLessThanOrEqual(4096);
    expect(new Set(sent).size).toBe(sent.length);
    expect(sent.join('')).not.toContain('\n');
  });

  const { numRuns, timeoutMs } = runsOf(300);
  it(
    'answers whatever is asked with JSON whose uid is the one of the request',
    () => {
      const annotations = fc.dictionary(
        fc.constantFrom(
          'pillion.dev/inject',
          'pillion.dev/git-sync.repo',
          '__proto__',
          'pillion.dev/injected',
        ),
        fc.oneof(fc.string({ unit: anyCharacter }), fc.constantFrom('git-sync', 'label', 'a=label, b=label')),
      );
      const pod = fc.record(
        {
          kind: fc.oneof(fc.constant('Pod'), fc.jsonValue()),
          metadata: fc.oneof(fc.record({ annotations }), fc.jsonValue()),
          spec: fc.oneof(
            fc.record({ containers: fc.oneof(fc.constant([{ name: 'a' }]), fc.jsonValue()) }),
            fc.jsonValue(),
          ),
        },
        { requiredKeys: [] },
      );
      const settings = testSettings();
      fc.assert(
        fc.property(pod, fc.jsonValue(), (object, other) => {
          const review = read({ ...REVIEW, request: { ...REVIEW.request, options: other, object } });
          const decision = decide({ pod: review.object, namespace: review.namespace }, settings, 'test');
          const response = responseOf(review, verdictOf(decision));
          expect(response['uid']).toBe('u-1');
          expect(response['allowed']).toBe(decision.outcome !== 'refused');
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );
});
