import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startProcessorTimer } from '../../core/testing/linear.ts';
import { BUILT_IN_SOURCES, builtInProfiles } from '../built-in/profiles.ts';
import { readProfile } from './read-profile.ts';

function problemsOf(spec: object, name = 'own'): string[] {
  const document = { apiVersion: 'pillion.dev/v1', kind: 'InjectionProfile', metadata: { name }, spec };
  const result = readProfile(document, 'test');
  return 'problems' in result
    ? result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
    : [];
}

const container = (more: object = {}) => ({ container: { name: 'p-${instance}', image: 'i:1', ...more } });
const text = { parameters: { text: { type: 'string', default: 'x' } } };

describe('a profile that is well formed', () => {
  test('is every built-in one, read as one of a user would be', () => {
    expect([...builtInProfiles().keys()]).toEqual(BUILT_IN_SOURCES.map(({ metadata }) => metadata.name));
  });

  test('may have conditions, and texts that look like references', () => {
    expect(
      problemsOf({
        parameters: { depth: { type: 'integer', max: 9 }, on: { type: 'boolean', default: true } },
        ...container({
          args: [
            '$${literal}',
            { $when: ['depth', 'on'], $value: '--depth=${depth}' },
            { $when: '!depth', $value: 'x' },
          ],
          env: [{ $when: 'depth=3', name: 'A', value: '${depth}' }],
          ports: [{ $when: 'depth', containerPort: '${depth}' }],
        }),
      }),
    ).toEqual([]);
  });
});

describe('a profile that is wrong says where and how', () => {
  test.each([
    ['a misspelt field', container({ imagePolicy: 'x' }), 'spec.container.imagePolicy: unknown field'],
    ['a field one may not set', container({ securityContext: { privileged: true } }), 'owns the node'],
    ['a restart policy', container({ restartPolicy: 'Always' }), 'the role of the profile'],
    [
      'a path of the node',
      { volumes: [{ name: 'v-${instance}', hostPath: { path: '/' } }] },
      'hostPath: may not be set',
    ],
    ['a wrong type', container({ args: 'x' }), 'spec.container.args: must be a list'],
    ['a number for a text', container({ args: [1] }), 'must be a string (in quotes)'],
    ['a text for a number', container({ ports: [{ containerPort: 'x' }] }), 'must be a int'],
    [
      'an unknown parameter',
      { ...text, ...container({ args: ['${txet}'] }) },
      'unknown parameter txet; did you mean text?',
    ],
    [
      'a parameter that may be missing',
      { parameters: { a: { type: 'string' } }, ...container({ args: ['${a}'] }) },
      'write $when: a',
    ],
    ['a bad reference', container({ args: ['${A b}'] }), 'names no parameter'],
    ['a bad condition', container({ args: [{ $when: 'x y', $value: 'z' }] }), 'a condition is a parameter'],
    [
      'a value behind a dollar sign',
      { ...text, ...container({ args: ['$$$x(${text})', '$(${text})'] }) },
      'it would choose a variable',
    ],
    [
      'a value in a shell text',
      { ...text, ...container({ command: ['sh', '-c', 'echo ${text}'] }) },
      'part of a program text',
    ],
    [
      'a value for a program',
      { ...text, ...container({ command: ['${text}', 'x'] }) },
      'an annotation may not choose what runs',
    ],
    [
      'a value for the program of a probe',
      { ...text, ...container({ startupProbe: { exec: { command: ['/bin/${text}'] } } }) },
      'spec.container.startupProbe.exec.command: the program must be fixed',
    ],
    [
      'root that may not be root',
      container({ securityContext: { runAsUser: 0 } }),
      'spec.container.securityContext.runAsUser: is root, and runAsNonRoot is true',
    ],
    [
      'more memory than the limit that is given without one',
      container({ resources: { requests: { memory: '1Gi' } } }),
      'spec.container.resources.requests.memory: 1Gi is more than the limit 128Mi',
    ],
    [
      'a limit below the request that is given without one',
      container({ resources: { limits: { cpu: '5m' } } }),
      'spec.container.resources.requests.cpu: 10m is more than the limit 5m',
    ],
    [
      'a value in a shell text, split',
      { ...text, ...container({ command: ['/bin/bash', '-eo', 'pipefail', '-c'], args: ['${text}'] }) },
      'part of a program text',
    ],
    [
      'a value as the script',
      { ...text, ...container({ command: ['busybox', 'sh', '${text}'] }) },
      'part of a program text',
    ],
    [
      'a value in an interpreter',
      { ...text, ...container({ command: ['env', 'python3', '-c', '${text}'] }) },
      'part of a program text',
    ],
    [
      'a value in what runs once',
      { ...text, ...container(), once: { command: ['sh', '-c', '${text}'] } },
      'spec.once: a parameter may not',
    ],
    [
      'an image by annotation',
      { ...text, container: { name: 'p-${instance}', image: '${text}' } },
      'may not choose what runs',
    ],
    [
      'a name without the instance',
      { container: { name: 'p', image: 'i:1' } },
      'must contain ${instance} once',
    ],
    [
      'a name that is too long',
      { container: { name: `${'p'.repeat(40)}\${instance}`, image: 'i:1' } },
      'at most 63',
    ],
    [
      'a probe of an init container',
      { role: 'init', ...container({ startupProbe: { exec: { command: ['x'] } } }) },
      'is only for sidecars',
    ],
    ['a variable by annotation', { ...text, env: [{ name: '${text}', value: 'x' }] }, 'must be a fixed name'],
    [
      'a label of Kubernetes',
      { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
      'belongs to Kubernetes',
    ],
    [
      'a label of ours',
      { annotations: { 'pillion.dev/injected': '{}' } },
      'belongs to Kubernetes or Pillion',
    ],
    [
      'a bad default',
      { parameters: { a: { type: 'duration', max: '5m', default: '1h' } } },
      'must be a duration from 0s to 5m',
    ],
    [
      'a default of what is required',
      { parameters: { a: { type: 'path', required: true, default: '/x' } } },
      'one of the two',
    ],
    [
      'a reserved parameter',
      { parameters: { image: { type: 'string', default: 'x' } } },
      'has a meaning of its own',
    ],
    [
      'a pattern that is none',
      { parameters: { a: { type: 'string', pattern: '(' } } },
      'is no regular expression',
    ],
    [
      'a pattern with a lookbehind',
      { parameters: { a: { type: 'string', pattern: '(?<=x)y' } } },
      'is no regular expression',
    ],
    ['an unknown type', { parameters: { a: { type: 'text' } } }, 'spec.parameters.a.type'],
    ['an unknown key', { sidecar: {} }, 'spec.sidecar'],
    ['no container to run once', { once: { args: ['x'] } }, 'there is no container'],
  ])('%s', (_, spec, message) => {
    expect(problemsOf(spec).join('\n')).toContain(message);
  });

  test.each(['startupProbe', 'livenessProbe', 'readinessProbe', 'postStart', 'preStop'])(
    'a value in a shell text: %s',
    (key) => {
      const run = { exec: { command: ['sh', '-c', 'test ${text}'] } };
      const isHook = key.startsWith('p');
      const problems = problemsOf({
        ...text,
        ...container(isHook ? { lifecycle: { [key]: run } } : { [key]: run }),
      });
      const place = isHook ? `lifecycle.${key}` : key;
      expect(problems).toEqual([
        `spec.container.${place}.exec.command: a parameter may not be part of a program text: pass it behind it, as an argument`,
      ]);
    },
  );

  test.each([
    ['{"parameters": {"__proto__": {"type": "string"}}}', 'spec.parameters.__proto__: is no name'],
    ['{"colour": "x"}', 'spec.colour: unknown field'],
    ['{"role": "main"}', 'spec.role: must be one of sidecar, init'],
    ['{"parameters": {"a": {"type": "strnig"}}}', 'spec.parameters.a.type: must be one of string, name'],
    ['{"parameters": {"a": {"type": "choice"}}}', 'spec.parameters.a.choices: is missing'],
    ['{"parameters": {"a": {"type": "choice", "choices": []}}}', 'spec.parameters.a.choices: must be >=1'],
    [
      '{"parameters": {"a": {"type": "integer", "min": 5, "max": 3}}}',
      'spec.parameters.a.max: is less than min',
    ],
    ['{"parameters": {"a": {"type": "duration", "min": "1h", "max": "59m"}}}', 'a.max: is less than min'],
    ['{"parameters": {"a": {"type": "quantity", "min": "1Gi", "max": "1G"}}}', 'a.max: is less than min'],
    ['{"labels": ["x"]}', 'spec.labels: must be an object'],
    ['{"parameters": ["x"]}', 'spec.parameters: must be an object'],
    ['{"description": 5}', 'spec.description: must be a text (in quotes)'],
  ])('%s', (spec, words) => {
    expect(problemsOf(JSON.parse(spec) as object).join('\n')).toContain(words);
  });

  test('all of it at once', () => {
    expect(problemsOf({ ...container({ args: [1, 2], nope: 1 }), labels: { '?': 'x' } })).toHaveLength(4);
  });

  test('and never makes the reader fail', () => {
    const leaf = fc.oneof(fc.string(), fc.constantFrom('${instance}', '$when', '$value', '__proto__'));
    const wild = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.integer(),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie('value')),
        fc.dictionary(
          fc.oneof(leaf, fc.constantFrom('container', 'parameters', 'volumes', 'env', 'name', 'type')),
          tie('value'),
        ),
      ),
    })).value;
    fc.assert(
      fc.property(wild, (spec) => {
        expect(Array.isArray(problemsOf({ container: spec, volumes: [spec], parameters: spec }))).toBe(true);
        expect('problems' in readProfile(spec, 'test')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test('a pattern that would take another machine for ever is asked in linear time', () => {
  const document = {
    apiVersion: 'pillion.dev/v1',
    kind: 'InjectionProfile',
    metadata: { name: 'own' },
    spec: { parameters: { a: { type: 'string', pattern: '(a+)+b', maxLength: 4096, default: 'ab' } } },
  };
  const elapsed = startProcessorTimer();
  expect('profile' in readProfile(document, 'test')).toBe(true);
  const bad = structuredClone(document);
  bad.spec.parameters.a.default = 'a'.repeat(4096);
  expect('problems' in readProfile(bad, 'test')).toBe(true);
  expect(elapsed()).toBeLessThan(5_000);
});
