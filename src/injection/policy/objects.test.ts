import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { type Json, listAt, memberAt, textAt } from '../../kubernetes/json.ts';
import { allowedImages } from '../images/allowed.ts';
import { tokens } from '../testing/cel-tokens.ts';
import { runsOf } from '../testing/runs.ts';
import { profileOf, testSettings } from '../testing/settings.ts';
import { policyObjects } from './objects.ts';
import type { PolicySettings } from './settings.ts';

function made(changes: Partial<PolicySettings> = {}, isStatic = false): Json[] {
  const settings = { ...testSettings(), version: '1.2.3', allowed: new Map(), ...changes };
  const { mutating, validating } = policyObjects(settings, isStatic);
  return JSON.parse(JSON.stringify([...mutating, ...validating])) as Json[];
}

const [MUTATING = {}] = made();

/** Every expression of an object. */
function expressions(value: Json): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]: [string, Json]) =>
    typeof inner === 'string' && /expression$/i.test(key) ? [inner] : expressions(inner),
  );
}

const words = (text: string) =>
  tokens(text).flatMap(({ kind, text: word }) => (kind === 'name' ? [word] : []));

describe('the traps of the API server', () => {
  it('sees no typed object: of a list of them servers up to 1.36.4 panic', () => {
    for (const expression of made().flatMap(expressions)) {
      expect(words(expression)).not.toContain('Object');
    }
  });

  it('begins a list that is not there with an empty one, and adds to it one by one', () => {
    const text = textAt(listAt(MUTATING, 'spec', 'mutations')[0], 'jsonPatch', 'expression') ?? '';
    expect(text).not.toMatch(/value: \[|value: dyn\(\[[^\]]/);
    expect(text).toMatch(/value: dyn\(\[\]\)/);
  });

  it('applies no configuration: that refuses args, command and probes, and appends behind other init containers', () => {
    const mutations = listAt(MUTATING, 'spec', 'mutations');
    expect(mutations.map((mutation) => textAt(mutation, 'patchType'))).toEqual(['JSONPatch']);
  });

  it('has one mutation, between whose halves nothing can be dropped or fail alone, for all profiles', () => {
    expect(listAt(MUTATING, 'spec', 'mutations')).toHaveLength(1);
    const kinds = made().map((object) => textAt(object, 'kind'));
    expect(kinds.filter((kind) => kind === 'MutatingAdmissionPolicy')).toHaveLength(1);
  });

  it('tests nothing in a patch: a test that fails is silence', () => {
    const text = textAt(listAt(MUTATING, 'spec', 'mutations')[0], 'jsonPatch', 'expression') ?? '';
    const operations = [...text.matchAll(/op: "([a-z]+)"/g)].map(([, op]) => op);
    expect(new Set(operations)).toEqual(new Set(['add', 'replace']));
  });

  it('is asked again when another has changed the pod, and refuses what it could not decide', () => {
    expect(memberAt(MUTATING, 'spec', 'reinvocationPolicy')).toBe('IfNeeded');
    expect(memberAt(MUTATING, 'spec', 'failurePolicy')).toBe('Fail');
  });

  it('is asked about pods when they are made, never about their resize or other subresources', () => {
    expect(listAt(MUTATING, 'spec', 'matchConstraints', 'resourceRules')).toEqual([
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['pods'],
        operations: ['CREATE'],
        scope: 'Namespaced',
      },
    ]);
  });

  it('has no match condition: those know no namespace, whose label may ask', () => {
    expect(made().map((object) => memberAt(object, 'spec', 'matchConditions'))).toEqual(
      made().map(() => undefined),
    );
  });

  it('asks for images where one may be refused, and has no list without a type where none may', () => {
    const asks = (images: readonly string[]) =>
      JSON.stringify(made({ images: allowedImages(images) })).includes('image_problem');
    expect([asks([]), asks(['registry.example']), asks(['nginx'])]).toEqual([false, false, true]);
  });

  it('emits no field that the cluster does not know, and refuses who asks for it', () => {
    const own = profileOf({
      container: {
        name: 'own-${instance}',
        image: 'i:1',
        env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }],
      },
    });
    const profiles = new Map([['own', own]]);
    const has = (minor: number) =>
      made({ profiles, target: { major: 1, minor } })
        .flatMap(expressions)
        .some((text) => text.includes('"fileKeyRef": '));
    expect([has(36), has(37)]).toEqual([false, true]);
    const texts = made({ profiles, target: { major: 1, minor: 36 } }).flatMap(expressions);
    expect(texts.some((text) => text.includes('fileKeyRef needs Kubernetes 1.37'))).toBe(true);
  });
});

describe('what cannot be a policy', () => {
  it('is refused by name: a cluster without them, and a profile beyond what the parser reads', () => {
    expect(() => made({ target: { major: 1, minor: 35 } })).toThrow(
      expect.objectContaining({ code: 'policy_needs_newer_kubernetes' }),
    );
    const parameters = Object.fromEntries(
      Array.from({ length: 120 }, (_, at) => [
        `p-${at}`,
        { type: 'string', pattern: `[a-z]{1,9}${'x'.repeat(400)}` },
      ]),
    );
    expect(() => made({ profiles: new Map([['own', profileOf({ parameters, labels: {} })]]) })).toThrow(
      expect.objectContaining({ code: 'policy_too_large' }),
    );
  });
});

describe('whom it cannot harm', () => {
  it('is the cluster itself: its namespaces are not matched', () => {
    for (const object of made().filter((each) => memberAt(each, 'spec', 'matchConstraints') !== undefined)) {
      expect(memberAt(object, 'spec', 'matchConstraints', 'namespaceSelector')).toEqual({
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] },
        ],
      });
    }
  });
});

describe('policies for the folders of the API server', () => {
  it('have the names that it takes, and no parameters', () => {
    const objects = made({}, true);
    for (const object of objects) {
      expect(textAt(object, 'metadata', 'name')).toMatch(/\.static\.k8s\.io$/);
      expect(memberAt(object, 'spec', 'paramKind') ?? memberAt(object, 'spec', 'paramRef')).toBeUndefined();
    }
    const names = objects
      .map((object) => textAt(object, 'spec', 'policyName'))
      .filter((name) => name !== undefined);
    expect(new Set(names)).toEqual(new Set(['pillion.static.k8s.io']));
  });
});

const { numRuns, timeoutMs } = runsOf(60);
/** The tokens, a line each, without what strings say: thousands of objects would be compared for seconds. */
const structure = (text: string) =>
  tokens(text)
    .map(({ kind, text: word }) => (kind === 'string' ? 'string' : `${kind} ${word}`))
    .join('\n');

test(
  'no text of a profile becomes structure',
  () => {
    const withText = (text: string) =>
      made({
        profiles: new Map([
          [
            'own',
            profileOf({
              description: text,
              parameters: { p: { type: 'string', description: text, default: 'x' } },
              container: {
                name: 'own-${instance}',
                image: 'i:1',
                command: [`a${text}`],
                env: [{ name: 'A', value: `a${text}` }],
              },
              volumes: [
                {
                  name: 'own-${instance}',
                  csi: { driver: 'd', volumeAttributes: { [`k${text}`]: `a${text}` } },
                },
              ],
              annotations: { 'example.com/a': `a${text}` },
            }),
          ],
        ]),
      }).flatMap(expressions);
    const plain = withText('').map(structure);
    const hostile = fc
      .oneof(
        fc.string({ unit: anyCharacter, maxLength: 20 }),
        fc.constantFrom('"', '\\', '" + object.metadata.name + "', '"]) || (["', '\n', "'''", '\u2028', '$$'),
      )
      .map((text) => text.replaceAll('${', '$ {').replaceAll('$(', '$ ('));
    fc.assert(
      fc.property(hostile, (text) => {
        expect(withText(text).map(structure)).toEqual(plain);
      }),
      { numRuns },
    );
  },
  timeoutMs,
);
