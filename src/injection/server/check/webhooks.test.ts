import { describe, expect, it } from 'vitest';
import type { Json } from '../../../kubernetes/json.ts';
import type { ManifestSettings } from '../manifest/settings.ts';
import { webhookObjects } from '../manifest/webhooks.ts';
import { selects } from './selector.ts';
import { webhookFindings } from './webhooks.ts';

const SETTINGS: ManifestSettings = {
  namespace: 'pillion',
  image: 'registry.example/pillion:1',
  imagePullPolicy: 'IfNotPresent',
  replicas: 3,
  failurePolicy: 'Fail',
  target: { major: 1, minor: 37 },
  namespaceProfiles: ['label'],
  scan: true,
  args: [],
  profilesConfigMap: '',
};

type Entry = Record<string, unknown>;

/** What the manifest installs, with changes to each entry for pods. */
function findings(
  changes: Entry = {},
  settings: Partial<ManifestSettings> = {},
  replicas: number | undefined = 3,
): string[] {
  const objects = webhookObjects({ ...SETTINGS, ...settings });
  const [validating, mutating] = JSON.parse(JSON.stringify(objects)) as { webhooks: Entry[] }[];
  const changed = { webhooks: mutating?.webhooks.map((entry) => ({ ...entry, ...changes })) };
  return webhookFindings({
    mutating: changed as Json,
    validating: validating as unknown as Json,
    namespace: 'pillion',
    service: 'pillion-injector',
    replicas,
  }).map(({ level, check, message }) => `${level} ${check}: ${message}`);
}

describe('webhooks', () => {
  it('that the manifest installs are as they should be', () => {
    const all = findings();
    expect(all).toHaveLength(3);
    expect(all.every((each) => each.startsWith('ok '))).toBe(true);
  });

  it('that are not there, or lead elsewhere, have failed', () => {
    const none = webhookFindings({
      mutating: undefined,
      validating: undefined,
      namespace: 'pillion',
      service: 'pillion-injector',
      replicas: 3,
    });
    expect(none).toMatchObject([{ level: 'failed', hint: expect.stringContaining('injector manifest') }]);
    const service = { name: 'other', namespace: 'pillion', path: '/mutate' };
    expect(findings({ clientConfig: { service } })[0]).toMatch(/^failed webhooks: .*other\.pillion/);
    const path = { name: 'pillion-injector', namespace: 'pillion', path: '/old' };
    expect(findings({ clientConfig: { service: path } })[0]).toMatch(/^failed webhooks: .*\/old/);
  });

  it('that are asked about the cluster or about the injector have failed', () => {
    const all = findings({ namespaceSelector: {}, matchConditions: [] });
    expect(all.filter((each) => /^failed selectors: .*kube-system/.test(each))).toHaveLength(2);
    expect(all.filter((each) => /^failed selectors: .* of pillion:/.test(each))).toHaveLength(2);
    expect(all.at(-1)).toMatch(/^failed failure policy: .*no pod at all/);
  });

  it('that leave pods bare, or hang on one replica, are warned of', () => {
    expect(findings({}, { failurePolicy: 'Ignore' }).at(-1)).toMatch(/^warning failure policy: .*bare/);
    expect(findings({}, {}, 1).at(-1)).toMatch(/^warning failure policy: Fail with one replica/);
  });

  it('that are asked about changes of pods have failed: containers cannot be changed then', () => {
    const rules = [{ operations: ['CREATE', 'UPDATE'] }];
    expect(findings({ rules }).some((each) => each.includes('more than the creation'))).toBe(true);
  });
});

describe('selects', () => {
  const labels = { team: 'a' };
  it.each([
    [undefined, true],
    [{}, true],
    [{ matchLabels: { team: 'a' } }, true],
    [{ matchLabels: { team: 'b' } }, false],
    [{ matchLabels: { constructor: 'x' } }, false],
    [{ matchExpressions: [{ key: 'team', operator: 'In', values: ['a', 'b'] }] }, true],
    [{ matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'other', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'team', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'team', operator: 'Gt', values: ['1'] }] }, false],
  ])('%j: %s', (selector, taken) => {
    expect(selects(selector as Json | undefined, labels)).toBe(taken);
  });
});
