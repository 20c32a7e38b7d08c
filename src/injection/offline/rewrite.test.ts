import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { isMap, type JsonMap } from '../../kubernetes/json.ts';
import { decide } from '../engine/decide.ts';
import { askingPod } from '../testing/pods.ts';
import { runsOf } from '../testing/runs.ts';
import { testSettings } from '../testing/settings.ts';
import { type Mode, rewrite } from './rewrite.ts';

const settings = testSettings();
const run = (text: string, mode: Mode = 'inject', changes = {}) =>
  rewrite(text, { settings: { ...settings, ...changes }, version: '1.2.3', mode });
const parsed = (text: string): unknown[] =>
  parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as unknown);

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
    const started = performance.now();
    expect(run(stream).findings[0]).toMatchObject({ level: 'error' });
    expect(performance.now() - started).toBeLessThan(5_000);
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
      : stringify(documents[kind], {
          version: '1.1',
          indent: style.indent,
          indentSeq: style.indentSeq,
          lineWidth: 0,
        });
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
