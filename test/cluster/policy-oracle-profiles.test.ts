import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPO } from '../../src/injection/testing/decide.ts';
import { everyType } from '../../src/injection/testing/every-type.ts';
import { runsOf } from '../../src/injection/testing/runs.ts';
import { profileOf } from '../../src/injection/testing/settings.ts';
import type { JsonMap } from '../../src/kubernetes/json.ts';
import {
  type Comparison,
  cases,
  comparePods,
  EXPRESSION_LIMIT,
  known,
  policiesFor,
  reasons,
  web,
} from './support/policy-comparison.ts';
import { NO_ORACLE, type Oracle, type OracleCase, startOracle } from './support/policy-oracle.ts';

const title = `a policy of one's own profiles, as the API server's own code sees it (skipped when ${NO_ORACLE ?? 'Go is missing'})`;
describe.skipIf(NO_ORACLE !== undefined)(title, () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await startOracle();
  });
  afterAll(() => oracle[Symbol.asyncDispose]());
  const compare = (asked: readonly OracleCase[], comparison?: Comparison) =>
    comparePods(oracle, asked, comparison);

  describe('with a profile of every type', () => {
    const settings = { profiles: new Map([['own', everyType()]]) };
    const HOSTILE = [
      'a\nb',
      '"',
      '\\',
      "'",
      '"]},"x":[',
      '$(HOME)',
      '$$(HOME)',
      '$',
      '${text}',
      '__proto__',
      '%s',
      '`id`',
      '\u2028',
      '\u0000',
      'é',
      '👍',
      'x'.repeat(5000),
      '👍'.repeat(3000),
      ' ',
      '',
      '-1',
      '00',
      '9'.repeat(12),
      '1e3',
      '1.5Mi',
      '0.1Gi',
      '1h1h',
      '999999h',
      '/a/../b',
      '/proc',
      'https://u:p@h/x',
      'https://h/\u00e9',
      'true',
      'TRUE',
      'b-c',
      'a,b',
      '" + object.metadata.name + "',
      "') || true || ('",
    ];

    it('takes hostile values as the engine does: refused by name, or the same to the letter', async () => {
      const parameters = [
        'text',
        'word',
        'name',
        'label',
        'mount',
        'url',
        'wait',
        'room',
        'user',
        'port',
        'quick',
        'mode',
        'containers',
      ];
      const pods = parameters.flatMap((parameter) =>
        HOSTILE.map((value) => web({ 'pillion.dev/inject': 'own', [`pillion.dev/own.${parameter}`]: value })),
      );
      const compared = await compare(cases(pods), { settings, hasUnprintable: true });
      const found = new Set(reasons(compared));
      expect(found).toEqual(new Set(['injected', 'bad-value', 'unknown-container', 'unknown-volume']));
    });

    it('fills it in as the engine does, whichever values are given', async () => {
      const value = (of: readonly string[]) => fc.option(fc.constantFrom(...of), { nil: undefined });
      const annotations = fc.record({
        text: value(['a b', '$(X)', '"q"', '\\', '$$']),
        word: value(['abc']),
        name: value(['a.b', 'c']),
        label: value(['l-1']),
        mount: value(['/a', '/a/', '/data', '/data/']),
        url: value(['https://h/x', 's3://b/c']),
        wait: value(['1m', '1h']),
        room: value(['1Gi', '1.5Mi']),
        user: value(['0', '65535']),
        port: value(['1024', '8080']),
        quick: value(['true', 'false']),
        mode: value(['a', 'b-c', 'd.e']),
        containers: value(['web', 'web, side', 'init,web', 'nobody']),
      });
      const pod = fc
        .record({
          instances: fc.constantFrom(['own'], ['a', 'b'], ['own', 'own-b', 'c']),
          each: fc.array(annotations, { minLength: 3, maxLength: 3 }),
          hasToken: fc.constantFrom(undefined, true, false),
          hasData: fc.boolean(),
          hasPort: fc.boolean(),
        })
        .map(({ instances, each, hasToken, hasData, hasPort }) => {
          const parameters = instances.flatMap((instance, at) =>
            Object.entries(each[at] ?? {}).map(
              ([key, text]) => [`pillion.dev/${instance}.${key}`, text] as const,
            ),
          );
          const mount = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
          return known({
            metadata: {
              annotations: {
                'pillion.dev/inject': instances.map((instance) => `${instance}=own`).join(', '),
                ...(Object.fromEntries(parameters.filter(([, text]) => text !== undefined)) as JsonMap),
              },
            },
            spec: {
              ...(hasToken !== undefined && { automountServiceAccountToken: hasToken }),
              initContainers: [{ name: 'init', image: 'i' }],
              containers: [
                { name: 'web', image: 'w', env: [{ name: 'OWN', value: 'mine' }] },
                {
                  name: 'side',
                  image: 's',
                  ...(hasData && mount),
                  ...(hasPort && { ports: [{ containerPort: 9001 }] }),
                },
              ],
              ...(hasData && { volumes: [{ name: 'data', emptyDir: {} }] }),
            },
          });
        });
      const compared = await compare(cases(fc.sample(pod, { numRuns: runsOf(300).numRuns, seed: 13 })), {
        settings,
      });
      for (const reason of [
        'injected',
        'unknown-container',
        'unknown-volume',
        'mount-clash',
        'port-clash',
      ] as const) {
        expect(reasons(compared)).toContain(reason);
      }
    });
  });

  it('takes the smallest profiles of every sort, alone and together', async () => {
    const container = { name: 'o-${instance}', image: 'i:1' };
    const specs = {
      nothing: {},
      label: { labels: { a: 'b' } },
      note: { annotations: { 'example.com/a': '${instance}' } },
      variable: { env: [{ name: 'A', value: 'b' }] },
      volume: { volumes: [{ name: 'v-${instance}', emptyDir: {} }] },
      init: { role: 'init', phase: 'first', container },
      trusted: { apiToken: true, container: { ...container, volumeMounts: [] } },
      maybe: {
        parameters: { on: { type: 'boolean' } },
        container: {
          ...container,
          command: [{ $when: 'on', $value: 'x' }],
          env: [{ $when: 'on', name: 'A' }],
        },
        mounts: [{ $when: 'on', name: 'data', mountPath: '/d' }],
        labels: { c: { $when: 'on', $value: 'd' } },
      },
    };
    const profiles = new Map(Object.entries(specs).map(([name, spec]) => [name, profileOf(spec, name)]));
    for (const [name, profile] of profiles) {
      const compared = await compare(
        cases([web({ 'pillion.dev/inject': name }), web({ 'pillion.dev/inject': `a=${name},b=${name}` })]),
        { settings: { profiles: new Map([[name, profile]]) } },
      );
      expect(reasons(compared), name).toEqual(['injected', 'injected']);
    }
    const all = [...profiles.keys()].map((name) => `x-${name}=${name}`);
    const together = await compare(cases([web({ 'pillion.dev/inject': all.join(',') })]), {
      settings: { profiles },
    });
    expect(reasons(together)).toEqual(['injected']);
  });

  it('fits pod-level resources as the engine does', async () => {
    const quantity = fc.constantFrom('1m', '5m', '100m', '1', '1500m', '2', '0.5');
    const memory = fc.constantFrom('1', '32Mi', '64Mi', '100Mi', '1Gi', '1.5Gi', '100M', '12345678', '0.1Gi');
    const some = fc.record({ cpu: quantity, memory }, { requiredKeys: [] });
    const resources = fc.record({ requests: some, limits: some }, { requiredKeys: [] });
    const container = (name: string) => resources.map((own) => ({ name, image: 'i', resources: own }));
    const pod = fc
      .record({
        own: resources,
        annotations: fc.constantFrom({}, { 'pillion.dev/pod-resources': 'refuse' }),
        asked: fc.constantFrom(REPO, {
          ...REPO,
          'pillion.dev/inject': 'git-sync, cron',
          'pillion.dev/cron.configmap': 'c',
          'pillion.dev/cron.memory': '0.5Gi',
        }),
        web: container('web'),
        side: container('side'),
        first: container('first').map((each) => ({ ...each, restartPolicy: 'Always' })),
        second: container('second'),
      })
      .map(({ own, annotations, asked, first, second, side, ...rest }) =>
        web(
          { ...asked, ...annotations },
          {
            resources: own,
            initContainers: [first, second],
            containers: [rest.web, side],
          },
        ),
      );
    const compared = await compare(cases(fc.sample(pod, { numRuns: runsOf(250).numRuns, seed: 14 })));
    expect(new Set(reasons(compared))).toEqual(new Set(['injected', 'pod-resources']));
  });

  it('refuses by name what it cannot add up: fractions of a thousandth next to pod-level resources', async () => {
    const profiles = new Map([
      [
        'own',
        profileOf({
          container: { name: 'o-${instance}', image: 'i:1', resources: { requests: { cpu: '1.5m' } } },
        }),
      ],
    ]);
    const object = web({ 'pillion.dev/inject': 'own' }, { resources: { requests: { cpu: '1m' } } });
    const { results } = await oracle.ask({ ...policiesFor({ settings: { profiles } }), cases: [{ object }] });
    expect(results[0]).toMatchObject({ after: results[0]?.before, audit: ['pod-resources'] });
  });

  it('costs little of what the API server allows, even with many containers, instances and variables', async () => {
    const many = (count: number, env: number) => ({
      containers: Array.from({ length: count }, (_, at) => ({
        name: `c${at}`,
        image: 'i',
        env: Array.from({ length: env }, (__, each) => ({ name: `E${each}`, value: 'v' })),
        volumeMounts: [{ name: 'x', mountPath: `/x${at}` }],
      })),
    });
    const instances = Array.from({ length: 8 }, (_, at) => `i${at}`);
    const eight = {
      'pillion.dev/inject': instances.map((name) => `${name}=git-sync`).join(', '),
      ...Object.fromEntries(
        instances.flatMap((name) => [
          [`pillion.dev/${name}.repo`, 'https://h/x'],
          [`pillion.dev/${name}.mount`, `/${name}`],
        ]),
      ),
    };
    const asked = {
      twenty: web(REPO, many(20, 10)),
      '2000 variables': web(REPO, many(1, 2000)),
      'eight instances': web(eight, many(5, 5)),
    };
    const compared = await comparePods(oracle, cases(Object.values(asked)));
    Object.keys(asked).forEach((name, at) => {
      const { mutationCost = 0, validationCost = 0 } = compared[at]?.result ?? {};
      console.log(`${name}: ${mutationCost} and ${validationCost} of ${10 * EXPRESSION_LIMIT}`);
      // A twentieth of what a policy may cost.
      expect(Math.max(mutationCost, validationCost)).toBeLessThan(EXPRESSION_LIMIT / 2);
    });
  });
});
