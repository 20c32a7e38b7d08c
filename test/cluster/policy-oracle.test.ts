import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInProfiles } from '../../src/injection/built-in/profiles.ts';
import { allowedImages } from '../../src/injection/images/allowed.ts';
import { REPO } from '../../src/injection/testing/decide.ts';
import { FOREIGN_EDITS } from '../../src/injection/testing/foreign-edits.ts';
import { MATRIX, WHOLE } from '../../src/injection/testing/matrix.ts';
import { askingPod } from '../../src/injection/testing/pods.ts';
import { BAD_ANNOTATIONS, CLASHES } from '../../src/injection/testing/refused.ts';
import { runsOf } from '../../src/injection/testing/runs.ts';
import { IMAGE_BY_PARAMETER, profileOf } from '../../src/injection/testing/settings.ts';
import { type Json, type JsonMap, memberAt, textAt } from '../../src/kubernetes/json.ts';
import { OBJECTS } from '../../src/kubernetes/pod-schema.ts';
import { corpusPods } from './support/corpus.ts';
import { oddPod } from './support/odd-pods.ts';
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

const record = (pod: Json) => textAt(pod, 'metadata', 'annotations', 'pillion.dev/injected');

const title = `a policy, as the API server's own code sees it (skipped when ${NO_ORACLE ?? 'Go is missing'})`;
describe.skipIf(NO_ORACLE !== undefined)(title, () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await startOracle();
  });
  afterAll(() => oracle[Symbol.asyncDispose]());
  const compare = (asked: readonly OracleCase[], comparison?: Comparison) =>
    comparePods(oracle, asked, comparison);

  it.each(['1.35', '1.36'])(
    'gives every pod of the corpus what the engine gives it, with the CEL of %s',
    async (compatibility) => {
      const pods = (await corpusPods()).map(({ pod }) => pod);
      const compared = await compare(cases(pods), { compatibility });
      expect(new Set(reasons(compared))).toEqual(
        new Set(['injected', 'opted-out', 'windows', 'host-network']),
      );
      // All of it together is less than a twentieth of what one of its expressions may cost.
      const costs = compared.map(({ result }) => Math.max(result.mutationCost, result.validationCost));
      console.log(`cost of the dearest pod: ${Math.max(...costs)} of ${EXPRESSION_LIMIT}`);
      expect(Math.max(...costs)).toBeLessThan(EXPRESSION_LIMIT / 20);
    },
  );

  it('gives any pod that asks what the engine gives it, and finds nothing to do the second time', async () => {
    const pods = fc.sample(askingPod, { numRuns: runsOf(120).numRuns, seed: 11 }).map(known);
    const once = await compare(cases(pods));
    expect(new Set(reasons(once))).toEqual(new Set(['injected']));
    const twice = await compare(cases(once.map(({ result }) => result.after)));
    expect(new Set(reasons(twice))).toEqual(new Set(['already-injected']));
  });

  it.each([0, 1, 3])(
    'gives what nobody would write what the engine gives it, or refuses it in the same words, with up to %d values that may be anything',
    async (odd) => {
      const pods = fc.sample(oddPod(odd), { numRuns: runsOf(250).numRuns, seed: 13 + odd });
      const compared = await compare(cases(pods), { hasUnprintable: true });
      expect(new Set(reasons(compared)).size).toBeGreaterThan(5);
    },
  );

  it('puts back what others have taken away between two calls', async () => {
    const pods = fc.sample(askingPod, { numRuns: runsOf(40).numRuns, seed: 12 }).map(known);
    const once = await compare(cases(pods));
    for (const edit of FOREIGN_EDITS) {
      await compare(cases(once.map(({ result }) => edit(structuredClone(result.after) as never))));
    }
  });

  it('makes each list that is not there, whichever of them is absent, empty or filled', async () => {
    const asked = MATRIX.map((object) => ({
      object,
      namespace: { name: 'shop', labels: { 'pillion.dev/inject': 'own' } },
    }));
    const compared = await compare(asked, { settings: { profiles: new Map([['own', profileOf(WHOLE)]]) } });
    expect(new Set(reasons(compared))).toEqual(new Set(['injected']));
  });

  it('refuses with the reason and the words of the engine', async () => {
    const bad = await compare(cases(BAD_ANNOTATIONS.map(([annotations]) => web(annotations))), {
      hasUnprintable: true,
    });
    expect(reasons(bad)).toEqual(BAD_ANNOTATIONS.map(([, reason]) => reason));
    const clashing = await compare(cases(CLASHES.map(([annotations, spec]) => web(annotations, spec))));
    expect(reasons(clashing)).toEqual(CLASHES.map(([, , reason]) => reason));
    const shapeless = [
      {
        containers: [
          { name: 'web', image: 'i' },
          { name: 'A"', image: 'i' },
        ],
      },
      { containers: [] },
      { initContainers: [{ name: '', image: 'i' }] },
    ];
    const named = await compare(cases(shapeless.map((spec) => web(REPO, spec))));
    expect(reasons(named)).toEqual(['bad-pod', 'bad-pod', 'bad-pod']);
  });

  it('keeps a profile to its namespaces', async () => {
    const names = ['shop', 'kitchen'];
    const compared = await compare(
      names.map((name) => ({ object: web(REPO), namespace: { name } })),
      { allowed: new Map([['git-sync', new Set(['shop'])]]) },
    );
    expect(reasons(compared)).toEqual(['injected', 'profile-not-allowed']);
    // A profile may say so itself; then both have to allow it.
    const [own] = [{ ...profileOf(WHOLE), namespaces: new Set(['shop', 'kitchen']) }];
    const both = await compare(
      ['shop', 'kitchen', 'yard'].map((name) => ({
        object: web({ 'pillion.dev/inject': 'own' }),
        namespace: { name },
      })),
      {
        settings: { profiles: new Map([['own', own]]) },
        allowed: new Map([['own', new Set(['shop', 'yard'])]]),
      },
    );
    expect(reasons(both)).toEqual(['injected', 'profile-not-allowed', 'profile-not-allowed']);
  });

  it('keeps to the images that are allowed, also where a parameter names one', async () => {
    const settings = (...entries: readonly string[]) => ({
      settings: {
        profiles: new Map([...builtInProfiles(), ['own', profileOf(IMAGE_BY_PARAMETER)] as const]),
        images: allowedImages(entries),
      },
    });
    const asked = (list: string, parameters: JsonMap = {}) =>
      web({
        'pillion.dev/inject': list,
        ...Object.fromEntries(
          Object.entries(parameters).map(([key, value]) => [`pillion.dev/${key}`, value]),
        ),
      });
    const repo = { 'git-sync.repo': 'https://git.example/a.git' };
    const ownImages = await compare(
      cases([
        asked('git-sync', repo),
        asked('label'),
        asked('label, own', { 'own.model': 'registry.example/a' }),
        asked('git-sync, own', { ...repo, 'own.perod': 'x' }),
        asked('git-sync, own'),
      ]),
      settings('registry.example/own', 'registry.example/models'),
    );
    expect(reasons(ownImages)).toEqual([
      'image-not-allowed',
      'injected',
      'image-not-allowed',
      'unknown-parameter',
      'missing-parameter',
    ]);
    const hex = 'ab'.repeat(32);
    const references = [
      'registry.example/models/a:1',
      'registry.example/modelsx',
      'registry.example.evil/models',
      'registry.example/models/../x',
      'nginx',
      'docker.io/nginx:1',
      'index.docker.io/library/nginx',
      'evil/nginx',
      'bitnami/a',
      'localhost/a',
      hex,
      `quay.io/a/b@sha256:${hex}`,
      'quay.io/a/b:1',
      `elsewhere.example/a:1@sha256:${'cd'.repeat(32)}`,
      `a@sha256:${hex}`,
      'registry.example/models ',
      '',
      '$(HOME)',
      '"',
      'x'.repeat(600),
    ];
    const entries = [
      'registry.example/own',
      'registry.example/models',
      'nginx',
      'bitnami/',
      'quay.io/a@digest',
    ];
    const parametric = await compare(
      cases(references.map((model) => asked('x=own', { 'x.model': model }))),
      settings(...entries, `@sha256:${'cd'.repeat(32)}`),
    );
    const allowed = new Set([0, 4, 5, 6, 8, 11, 13].map((at) => references[at]));
    expect(reasons(parametric)).toEqual(
      references.map((model) =>
        model === '' ? 'bad-value' : allowed.has(model) ? 'injected' : 'image-not-allowed',
      ),
    );
    const hub = await compare(
      cases(references.map((model) => asked('x=own', { 'x.model': model }))),
      settings('docker.io', 'registry.example'),
    );
    expect(new Set(reasons(hub))).toEqual(new Set(['injected', 'image-not-allowed', 'bad-value']));
    const conditional = await compare(
      cases([asked('own', { 'own.extra': 'true' }), asked('own', { 'own.extra': 'false', 'own.base': 'x' })]),
      settings('registry.example/own', 'registry.example/models'),
    );
    expect(reasons(conditional)).toEqual(['image-not-allowed', 'image-not-allowed']);
  });

  it('takes the default of the namespace, where it names a profile and the pod says nothing', async () => {
    const asked = [
      {},
      { 'pillion.dev/inject': 'none' },
      { 'pillion.dev/inject': ' ' },
      { 'pillion.dev/inject': 'ca-bundle' },
    ].flatMap((annotations) =>
      ['label', 'none', 'typo'].map((label) => ({
        object: web(annotations),
        namespace: { name: 'shop', labels: { 'pillion.dev/inject': label } },
      })),
    );
    const compared = await compare(asked);
    expect(reasons(compared).slice(0, 4)).toEqual(['injected', 'not-asked', 'not-asked', 'opted-out']);
  });

  it('leaves alone what the engine leaves alone', async () => {
    const compared = await compare(
      cases([
        web({ ...REPO, 'kubernetes.io/config.mirror': 'x' }),
        web(REPO, { os: { name: 'windows' } }),
        web(REPO, { nodeSelector: { 'kubernetes.io/os': 'windows' } }),
        web(REPO, { hostNetwork: true }),
        web({ 'pillion.dev/inject': '\tnone\n' }),
        web({ 'pillion.dev/inject': '\t\r\n' }),
      ]),
    );
    expect(reasons(compared)).toEqual([
      'mirror-pod',
      'windows',
      'windows',
      'host-network',
      'opted-out',
      'not-asked',
    ]);
  });

  it('neither changes nor refuses a pod that does not ask, whatever is in it, and hardly looks at it', async () => {
    const odd = [
      { metadata: {}, spec: {} },
      web({ 'pillion.dev/nonsense': 'x', other: '\n' }, { containers: [{ name: 'A"', image: '' }] }),
      ...MATRIX,
    ];
    const { results } = await oracle.ask({ ...policiesFor({}), cases: cases(odd) });
    for (const result of results) {
      expect(result).toMatchObject({ after: result.before });
      expect(result.error ?? result.denials ?? result.audit).toBeUndefined();
      expect(Math.max(result.mutationCost, result.validationCost)).toBeLessThan(EXPRESSION_LIMIT / 2000);
    }
  });

  it('tells its own record from others, from those of another version, and from a forged one', async () => {
    const [once] = await compare(cases([web(REPO)]));
    const after = once?.result.after ?? null;
    const again = (changes: JsonMap) => {
      const annotations = memberAt(after, 'metadata', 'annotations') as JsonMap;
      return { ...(after as JsonMap), metadata: { annotations: { ...annotations, ...changes } } };
    };
    const more = again({ 'pillion.dev/inject': 'git-sync, label, x=ca-bundle' });
    const own = record(after) ?? '';
    const pods = [
      after,
      more,
      ...['injected', '{}', own, own.replaceAll('}', ''), '"git-sync":{', `${own}"kept":["a=b"]`].map(
        (forged) => web({ ...REPO, 'pillion.dev/injected': forged }),
      ),
      again({ 'pillion.dev/injected': 'x"git-sync":{' }),
    ];
    expect(reasons(await compare(cases(pods))).slice(0, 2)).toEqual(['already-injected', 'injected']);
    const later = await compare(cases([after, more]), { settings: { image: 'registry.example/next:2' } });
    expect(reasons(later)).toEqual(['injected-by-another-version', 'mixed-versions']);
  });

  it('is told of what would end a request, so that these tests can fail', async () => {
    const patched = (value: string) => ({
      spec: {
        variables: [],
        mutations: [
          { patchType: 'JSONPatch', jsonPatch: { expression: `[JSONPatch{op: "add", ${value}}]` } },
        ],
      },
    });
    const outcome = async (value: string) => {
      const asked = { compatibility: '1.35', mutating: patched(value), cases: cases([web({})]) };
      const { compileErrors, results } = await oracle.ask(asked);
      return compileErrors[0] ?? results[0]?.error ?? 'made';
    };
    const newer = 'path: "/spec/containers/0/newer", value: dyn(1)';
    expect(await outcome(newer)).toContain('strict decoding error: unknown field "spec.containers[0].newer"');
    expect(await outcome('path: "/spec/volumes/-", value: {"name": "v"}')).toContain('missing path');
    expect(await outcome('path: "/spec/volumes", value: {"a": 1, "b": "c"}')).toContain('expected type');
    expect(await outcome('path: "/metadata/labels", value: {"a": "b"}')).toBe('made');
  });

  it("knows no field that Kubernetes' own types do not have", async () => {
    const { schemaErrors } = await oracle.ask({ compatibility: '1.35', schema: OBJECTS });
    expect(schemaErrors).toEqual([]);
  });

  it('speaks at what makes pods of what its pods will be refused for, and never of a good one', async () => {
    const template = (annotations: JsonMap, spec: JsonMap = {}) => ({ template: web(annotations, spec) });
    const bad = { 'pillion.dev/inject': 'git-snyc' };
    const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].flatMap((kind) =>
      [bad, REPO].map((annotations) => ({
        kind,
        object: { metadata: { name: 'x' }, spec: template(annotations) },
      })),
    );
    const nightly = {
      kind: 'CronJob',
      object: { metadata: { name: 'x' }, spec: { jobTemplate: { spec: template(bad) } } },
    };
    const onHost = {
      kind: 'Deployment',
      object: { metadata: { name: 'x' }, spec: template(REPO, { hostNetwork: true }) },
    };
    const { results } = await oracle.ask({ ...policiesFor({}), cases: [...kinds, nightly, onHost] });
    const denials = results.map(({ denials: [denial = ''] = [] }) => denial.split(';')[0]);
    const refused = 'its pods will be refused: pillion.dev/inject: no profile "git-snyc"';
    expect(denials).toEqual([
      refused,
      '',
      refused,
      '',
      refused,
      '',
      refused,
      '',
      refused,
      'nothing will be put in: the pod has the network of its node: ports would be taken there',
    ]);
  });

  it('lets no pod start bare that asks, when only the policy that judges is there', async () => {
    const { validating } = policiesFor({});
    const { results } = await oracle.ask({
      compatibility: '1.35',
      validating,
      cases: cases([web(REPO), web({})]),
    });
    expect(results.map(({ denials }) => denials)).toEqual([
      [expect.stringContaining('not-injected')],
      undefined,
    ]);
  });
});
