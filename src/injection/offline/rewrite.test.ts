import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { startProcessorTimer } from '../../core/testing/linear.ts';
import { isMap, type Json, type JsonMap, listAt, textAt } from '../../kubernetes/json.ts';
import { decide } from '../engine/decide.ts';
import { askingPod } from '../testing/pods.ts';
import { runsOf } from '../testing/runs.ts';
import { testSettings } from '../testing/settings.ts';
import { type Mode, rewrite } from './rewrite.ts';
import { AS_KUBECTL_READS } from './yaml-reading.ts';

const settings = testSettings();
const run = (text: string, mode: Mode = 'inject', changes = {}) =>
  rewrite(text, { settings: { ...settings, ...changes }, version: '1.2.3', mode });
/** YAML as somebody could have written it. The library writes a key that is the text `<<` as a merged one. */
const yamlOf = (value: unknown, options: { readonly indent: number; readonly indentSeq?: boolean }) =>
  stringify(value, { version: '1.1', lineWidth: 0, ...options }).replaceAll(/^([ -]*)<<:/gm, '$1"<<":');

const parsed = (text: string): unknown[] =>
  parseAllDocuments(text, AS_KUBECTL_READS).map((document) => document.toJS() as unknown);

const DEPLOYMENT = `# what it is for
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }   # in flow style
spec:
  template:
    metadata:
      annotations:
        pillion.dev/inject: git-sync   # asks
        "pillion.dev/git-sync.repo": 'https://git.example/a.git'
    spec:
      # the application
      containers:
        - name: web # first

          image: nginx
          # and nothing else
        # the end
`;

describe('a manifest', () => {
  test('keeps its comments, its blank lines and its style; only lines are added', () => {
    const { text, findings } = run(DEPLOYMENT);
    expect(findings).toEqual([]);
    const lines = text.split('\n');
    let from = 0;
    for (const line of DEPLOYMENT.split('\n')) {
      const at = lines.indexOf(line, from);
      expect(at, line).toBeGreaterThanOrEqual(from);
      from = at + 1;
    }
    expect(text).toContain(
      '        - name: web # first\n\n          image: nginx\n          volumeMounts:\n            - name: pillion-git-sync',
    );
    expect(text.indexOf('initContainers:')).toBeLessThan(text.indexOf('# the application'));
  });

  test('that asks for nothing is byte for byte as it was, even when it is no YAML', () => {
    const stream = `a: [1\n---\n\t{{ template }}\n---\n${DEPLOYMENT}---\nkind:   Odd\n...\n# end`;
    const { text } = run(stream);
    expect(text.startsWith('a: [1\n---\n\t{{ template }}\n---\n# what')).toBe(true);
    expect(text.endsWith('---\nkind:   Odd\n...\n# end')).toBe(true);
  });

  test('that is wrong is reported with its line', () => {
    const stream = `kind: ConfigMap\n---\n${DEPLOYMENT.replace('https://git.example/a.git', 'nowhere')}`;
    const [finding] = run(stream).findings;
    expect(finding).toEqual({
      level: 'error',
      line: 12,
      message:
        'Deployment web: pillion.dev/git-sync.repo: the address must be an address with https://, http://, ssh://, git:// or user@host:path (bad-value)',
    });
    expect(run(`${DEPLOYMENT}  bad: [\n`).findings[0]).toMatchObject({ level: 'error', line: 20 });
  });

  test('put in by an older version is brought up to date', () => {
    const old = run(DEPLOYMENT, 'inject', { image: 'registry.example/pillion:old' }).text;
    expect(old).toContain('pillion:old');
    expect(run(old).text).toBe(run(DEPLOYMENT).text);
  });

  test('with aliases and merged keys is written out where it changes, and nowhere else', () => {
    const stream = `apiVersion: v1
kind: List
items:
  - kind: Pod
    metadata: &meta { annotations: { pillion.dev/inject: ca-bundle } }
    spec:
      containers: &containers
        - &web { name: web, env: &env [{ name: A, value: a }] }
        - <<: *web
          name: twin
  - kind: Pod
    metadata: *meta
    spec:
      containers: *containers
`;
    const { text, findings } = run(stream);
    expect(findings).toEqual([]);
    expect(run(text).text).toBe(text);
    const [list] = parsed(text);
    const items = isMap(list) && Array.isArray(list['items']) ? (list['items'] as JsonMap[]) : [];
    const [source] = parsed(stream);
    const before = isMap(source) && Array.isArray(source['items']) ? (source['items'] as JsonMap[]) : [];
    for (const [at, item] of items.entries()) {
      expect(item).toEqual(decide({ pod: before[at] ?? null, namespace: '' }, settings, '1.2.3').pod);
    }
  });

  test('whose aliases multiply is refused, not expanded', () => {
    const bomb = [
      'a: &a [x]',
      ...'bcdefghij'
        .split('')
        .map((key, at) => `${key}: &${key} [${Array(10).fill(`*${'abcdefghij'[at]}`).join()}]`),
    ];
    const stream = `kind: Pod\nmetadata: {annotations: {pillion.dev/inject: label}}\n${bomb.join('\n')}\n`;
    const elapsed = startProcessorTimer();
    expect(run(stream).findings[0]).toMatchObject({ level: 'error' });
    expect(elapsed()).toBeLessThan(5_000);
  });
});

describe('an alias', () => {
  const list = (second: string) => `kind: List
items:
  - kind: Pod
    metadata: { annotations: { pillion.dev/inject: label, pillion.dev/label.value: x } }
    spec: &spec
      containers:
        - name: web # the application
  - kind: Pod
    metadata: ${second}
    spec: *spec
`;
  const ca = (text: string) => text.replace('label, pillion.dev/label.value: x', 'ca-bundle');

  test('of a pod that did not ask is written out, when what it names is injected into', () => {
    const { text, findings } = run(ca(list('{ name: bare }')));
    expect(findings).toEqual([]);
    const [{ items }] = parsed(text) as [{ items: [JsonMap, JsonMap] }];
    expect(items[0]).toHaveProperty('spec.volumes');
    expect(items[1]).toEqual({
      kind: 'Pod',
      metadata: { name: 'bare' },
      spec: { containers: [{ name: 'web' }] },
    });
    expect(text).toContain('- name: web # the application');
  });

  test('stays one where both become the same, and the way back is to the byte', () => {
    const stream = ca(list('{ annotations: { pillion.dev/inject: ca-bundle } }'));
    const { text } = run(stream);
    expect(text).toContain('spec: *spec');
    const [{ items }] = parsed(text) as [{ items: [JsonMap, JsonMap] }];
    expect(items[1]['spec']).toEqual(items[0]['spec']);
    expect(run(text, 'uninject').text).toBe(stream);
  });

  test('of an anchor that is written over makes no text that cannot be read', () => {
    const stream = `kind: Pod
metadata: {annotations: {pillion.dev/inject: ca-bundle}}
spec:
  containers:
  - &a {name: web}
  - <<: *a
    name: twin
    env: &env [{name: A, value: a}]
  initContainers:
  - {name: first, env: *env}
`;
    const { text } = run(stream);
    const [before] = parsed(stream);
    expect(parsed(text)).toEqual([decide({ pod: before as JsonMap, namespace: '' }, settings, '1.2.3').pod]);
  });

  /** Two containers of one pod with one name are refused by every API server; a record could not tell them apart. */
  const hasNamesOnce = ({ items }: { readonly items: readonly unknown[] }): boolean =>
    items.every((item) => {
      const names = ['containers', 'initContainers'].flatMap((key) =>
        listAt(item as Json, 'spec', key).map((container) => textAt(container, 'name')),
      );
      return new Set(names).size === names.length;
    });

  test(
    'wherever it stands, never brings a change to what did not ask',
    () => {
      const { numRuns } = runsOf(60);
      const shared = fc
        .tuple(askingPod, askingPod, fc.subarray([0, 1, 2, 3, 4, 5, 6]), fc.boolean())
        .map(([first, second, shares, asks]) => {
          const [a, b] = [structuredClone(first), structuredClone(second)] as Record<string, never>[];
          const [spec, other] = [a?.['spec'], b?.['spec']] as unknown as Record<string, unknown>[];
          // What stands in two places of an object is written once, with an anchor.
          const share = (at: number, key: string) => {
            if (shares.includes(at) && spec?.[key] !== undefined && other !== undefined) {
              other[key] = spec[key];
            }
          };
          ['containers', 'initContainers', 'volumes'].forEach((key, at) => share(at, key));
          const twins = (spec?.['containers'] ?? []) as Record<string, unknown>[];
          const [one, two] = twins;
          for (const [at, key] of ['env', 'volumeMounts'].entries()) {
            if (shares.includes(at + 3) && one?.[key] !== undefined && two !== undefined) {
              two[key] = one[key];
            }
          }
          const metadata = shares.includes(5) ? a?.['metadata'] : b?.['metadata'];
          const bare = { kind: 'Pod', metadata: { name: 'bare' }, spec: shares.includes(6) ? spec : other };
          return {
            kind: 'List',
            items: [...(asks ? [] : [bare]), a, { ...b, metadata }, ...(asks ? [bare] : [])],
          };
        });
      fc.assert(
        fc.property(shared.filter(hasNamesOnce), fc.constantFrom(2, 4), (value, indent) => {
          const stream = yamlOf(value, { indent });
          const [before] = parsed(stream) as [{ items: JsonMap[] }];
          const { text, findings } = run(stream);
          if (findings.some(({ level }) => level === 'error')) {
            return;
          }
          const expected = before.items.map((pod) => decide({ pod, namespace: '' }, settings, '1.2.3').pod);
          expect(parsed(text)).toEqual([{ kind: 'List', items: expected }]);
          expect(run(text).text).toBe(text);
          expect(parsed(run(text, 'uninject').text)).toEqual([before]);
        }),
        { numRuns },
      );
    },
    runsOf(60).timeoutMs,
  );
});

test.each([
  ['brackets', `[${'['.repeat(20_000)}${']'.repeat(20_000)}]`],
  ['a node that names itself', '&s {containers: [{name: a, x: *s}]}'],
])('what is nested without an end is refused in words: %s', (_, spec) => {
  const [finding] = run(
    `kind: Pod\nmetadata: {annotations: {pillion.dev/inject: label}}\nspec: ${spec}\n`,
  ).findings;
  expect(finding?.message).toBe('not readable as YAML: nested too deeply');
});

test('a record that names every container takes none out', () => {
  const record = JSON.stringify({
    version: '1',
    instances: { a: { profile: 'x', hash: '1', containers: ['app'] } },
  });
  const pod = `kind: Pod\nmetadata:\n  annotations:\n    pillion.dev/injected: '${record}'\nspec:\n  containers:\n  - name: app\n`;
  const { text, findings } = run(pod, 'uninject');
  expect(text).toBe(pod);
  expect(findings[0]?.message).toContain('names every container, and nothing would be left');
});

describe('what asks', () => {
  test('is found in JSON whose slashes are escaped', () => {
    const json =
      '{"kind":"Pod","metadata":{"annotations":{"pillion.dev\\/inject":"label"}},"spec":{"containers":[{"name":"a"}]}}';
    expect(run(json).text).toContain('"foo": "bar"');
  });

  test.each([
    ['pillion.dev/inject: true', 'pillion.dev/inject: true is no text: write it in quotes'],
    ['pillion.dev/inject: [label]', 'pillion.dev/inject: a list or an object is no text'],
    ['pillion.dev/inject: label\n    pillion.dev/label.value: 0o10', 'pillion.dev/label.value: 8 is no text'],
    ['pillion.dev/inject: label\n    pillion.dev/label.value:', 'pillion.dev/label.value: null is no text'],
  ])('is refused where it is no text, as the API server would: %j', (annotations, words) => {
    const pod = `kind: Pod\nmetadata:\n  annotations:\n    ${annotations}\nspec: {containers: [{name: a}]}\n`;
    const [finding] = run(pod).findings;
    expect(finding).toMatchObject({ level: 'error', line: annotations.includes('\n') ? 5 : 4 });
    expect(finding?.message).toContain(words);
  });

  test('may give a time of day without quotes', () => {
    const pod = `kind: Pod\nmetadata:\n  annotations:\n    pillion.dev/inject: label\n    pillion.dev/label.value: x\n    at: 02:30\nspec: {containers: [{name: a, args: [02:30, 2026-01-01]}]}\n`;
    const [{ spec }] = parsed(run(pod).text) as [{ spec: JsonMap }];
    expect(spec).toEqual({ containers: [{ name: 'a', args: ['02:30', '2026-01-01'] }] });
  });
});

describe('lists that are written out, null or empty', () => {
  test.each([
    ['nothing', 'volumes:'],
    ['nothing, with a comment', 'volumes: # none yet'],
    ['an empty list', 'volumes: []'],
    ['null', 'volumes: null'],
  ])('%s', (_, volumes) => {
    const stream = `kind: Pod\nmetadata:\n  annotations:\n    pillion.dev/inject: ca-bundle\nspec:\n  ${volumes}\n  containers:\n  - name: web\n`;
    const { text } = run(stream);
    expect(parsed(text)).toEqual([
      decide({ pod: parsed(stream)[0] as JsonMap, namespace: '' }, settings, '1.2.3').pod,
    ]);
    const back = run(text, 'uninject').text;
    expect(parsed(back)).toEqual(parsed(stream));
    if (!volumes.includes('null')) {
      expect(back).toBe(stream);
    }
  });
});

/** A pod as somebody may have written it. */
const styled = fc
  .record({
    pod: askingPod,
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    flow: fc.boolean(),
    json: fc.boolean(),
    crlf: fc.boolean(),
    newline: fc.boolean(),
    comments: fc.boolean(),
    kind: fc.constantFrom('Pod', 'Deployment', 'CronJob', 'List', 'DeploymentConfig'),
  })
  .map(({ pod, kind, ...style }) => {
    const template = { metadata: pod['metadata'], spec: pod['spec'] };
    const documents: Record<string, unknown> = {
      Pod: pod,
      Deployment: { kind, metadata: { name: 'x' }, spec: { template } },
      DeploymentConfig: { kind, metadata: { name: 'x' }, spec: { template, triggers: [] } },
      CronJob: { kind, spec: { jobTemplate: { spec: { template } } } },
      List: { kind, items: [{ kind: 'Service' }, pod] },
    };
    let text = style.json
      ? JSON.stringify(documents[kind], null, style.flow ? 2 : 0)
      : yamlOf(documents[kind], { indent: style.indent, indentSeq: style.indentSeq });
    if (style.comments && !style.json) {
      text = text.replaceAll(/^( *)(- name: .*|containers:|metadata:)$/gm, '$1# above\n$1$2 # at the side');
    }
    text = style.newline ? text : text.trimEnd();
    return style.crlf ? text.replaceAll('\n', '\r\n') : text;
  });

describe('however it is written', () => {
  const { numRuns, timeoutMs } = runsOf(60);

  test(
    'the text says what the engine decided, a second time changes nothing, and the way back is to the byte',
    () => {
      fc.assert(
        fc.property(styled, (stream) => {
          const { text, findings, explained } = run(stream);
          expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
          expect(explained).toHaveLength(1);
          const again = rewrite(text, { settings, version: '1.2.3', mode: 'inject', explain: true });
          expect(again.text).toBe(text);
          expect(again.explained[0]?.workload.pod).toEqual(explained[0]?.decision.pod);
          expect(run(text, 'uninject').text).toBe(stream);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    'a stream that was cut, doubled or stirred never makes the program fail',
    () => {
      const base = `${DEPLOYMENT}---\n{"kind": "Pod", "metadata": {"annotations": {"pillion.dev/inject": "label"}}, "spec": {"containers": [{"name": "a"}]}}\n`;
      const piece = fc
        .tuple(
          fc.nat(base.length),
          fc.nat(80),
          fc.constantFrom(
            '',
            '\n',
            '---\n',
            '- ',
            '&a ',
            '*a',
            '[',
            '}',
            '"',
            '|\n',
            '\t',
            '\u0000',
            '<<: *a\n',
            '!!binary ',
          ),
        )
        .map(([from, length, between]) => base.slice(from, from + length) + between);
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(base.length), (pieces, cut) => {
          const stream = base.slice(0, cut) + pieces.join('');
          const { text, findings } = run(stream);
          expect(typeof text).toBe('string');
          if (findings.length === 0) {
            run(text, 'uninject');
          }
        }),
        { numRuns: numRuns * 3 },
      );
    },
    timeoutMs,
  );
});
