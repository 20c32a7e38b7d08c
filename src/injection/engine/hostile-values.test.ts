import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startProcessorTimer } from '../../core/testing/linear.ts';
import { type Json, listAt, memberAt } from '../../kubernetes/json.ts';
import { decide, pod, REPO } from '../testing/decide.ts';
import { runsOf } from '../testing/runs.ts';
import { profileOf } from '../testing/settings.ts';

/** What kubelet makes of $(NAME) in command and args: third_party/forked/golang/expansion of Kubernetes, in short. */
function expandedByKubelet(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '$' || at + 1 === text.length) {
      out += text[at];
    } else if (text[at + 1] === '$') {
      out += '$';
      at += 1;
    } else if (text[at + 1] === '(' && text.includes(')', at)) {
      out += '<expanded>';
      at = text.indexOf(')', at);
    } else {
      out += `$${text[at + 1]}`;
      at += 1;
    }
  }
  return out;
}

const { numRuns, timeoutMs } = runsOf(300);

describe('values are values', () => {
  const profile = profileOf({
    parameters: { text: { type: 'string', default: 'x' } },
    container: {
      name: 'p-${instance}',
      image: 'i:1',
      command: ['/app', '--a=${text}', '${text}(HOME)', '$$x${text}'],
      env: [{ name: 'T', value: '${text}' }],
    },
  });
  const profiles = new Map([['own', profile]]);
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ maxLength: 300 }),
    fc.constantFrom(
      '$(HOME)',
      '$$(HOME)',
      '$',
      '$(',
      '${text}',
      '${image}',
      '"]},"x":[',
      '__proto__',
      'a\nb',
      '%s',
      '`id`',
      '$(id); rm -rf /',
    ),
    fc
      .array(fc.constantFrom('$', '(', ')', 'HOME', '{', '}', '"', "'", '\\', ' '), { maxLength: 12 })
      .map((parts) => parts.join('')),
  );

  test(
    'a hostile one is refused, or comes out of kubelet as it was written, and never as structure',
    () => {
      const shape = (value: Json): Json =>
        JSON.parse(
          JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? '' : each)),
        ) as Json;
      const plain = decide(pod({ 'pillion.dev/inject': 'own' }), { profiles });
      fc.assert(
        fc.property(hostile, (text) => {
          const subject = pod({ 'pillion.dev/inject': 'own', 'pillion.dev/own.text': text });
          const decision = decide(subject, { profiles });
          expect(decision.message.length).toBeLessThanOrEqual(200);
          expect(decision.message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
          if (decision.outcome === 'refused') {
            expect(decision.reason).toBe('bad-value');
            return;
          }
          expect(shape(memberAt(decision.pod, 'spec') ?? null)).toEqual(
            shape(memberAt(plain.pod, 'spec') ?? null),
          );
          const [container] = listAt(decision.pod, 'spec', 'initContainers');
          const [, first, second, third] = listAt(container, 'command').map(String).map(expandedByKubelet);
          expect([first, second, third]).toEqual([`--a=${text}`, `${text}(HOME)`, `$x${text}`]);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    'whatever the pod is, there is a decision, at once',
    () => {
      const wild = fc.jsonValue({ maxDepth: 6 }) as fc.Arbitrary<Json>;
      const near = fc.record({
        metadata: fc.oneof(wild, fc.record({ annotations: fc.oneof(wild, fc.constant(REPO)), labels: wild })),
        spec: fc.oneof(
          wild,
          fc.record({
            containers: fc.oneof(
              wild,
              fc.array(
                fc.record({
                  name: fc.oneof(wild, fc.constant('web')),
                  env: wild,
                  volumeMounts: wild,
                  ports: wild,
                }),
              ),
            ),
            initContainers: wild,
            volumes: wild,
            resources: wild,
            nodeSelector: wild,
          }),
        ),
      }) as fc.Arbitrary<Json>;
      fc.assert(
        fc.property(fc.oneof(wild, near), (subject) => {
          const decision = decide(subject, {}, { namespaceDefault: 'label' });
          expect(['changed', 'unchanged', 'refused']).toContain(decision.outcome);
          expect(decision.reason).not.toBe('internal');
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test('an annotation of a mebibyte is answered in a few milliseconds', () => {
    const big = 'a'.repeat(1 << 20);
    const subjects = [
      'inject',
      'git-sync.ref',
      'git-sync.repo',
      'git-sync.containers',
      `git-sync.${big}`,
    ].map((key) =>
      pod({
        ...REPO,
        [`pillion.dev/${key}`]: key === 'git-sync.repo' ? `https://${'a:'.repeat(1 << 19)}@` : big,
      }),
    );
    for (const subject of subjects) {
      const elapsed = startProcessorTimer();
      expect(decide(subject).outcome).toBe('refused');
      expect(elapsed()).toBeLessThan(500);
    }
  });
});
