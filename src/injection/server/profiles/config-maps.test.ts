import { describe, expect, it } from 'vitest';
import { mergeProfiles, type ProfileText } from '../../profiles/merge.ts';
import { profileTexts } from './config-maps.ts';

const yaml = (name: string, value = 'x') =>
  `apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata:\n  name: ${name}\nspec:\n  labels:\n    a: ${value}\n`;
const configMap = (name: string, data: object, namespaces?: string) => ({
  metadata: {
    name,
    ...(namespaces !== undefined && { annotations: { 'pillion.dev/namespaces': namespaces } }),
  },
  data: data as Record<string, string>,
});

describe('ConfigMaps', () => {
  it('are read in the order of their names and keys, whatever order they come in', () => {
    const one = configMap('one', { b: '2', a: '1' });
    const two = configMap('two', { c: '3' });
    const texts = profileTexts([two, one]);
    expect(texts.map(({ name }) => name)).toEqual([
      'ConfigMap one, a',
      'ConfigMap one, b',
      'ConfigMap two, c',
    ]);
    expect(profileTexts([one, two])).toEqual(texts);
  });

  it('without data, or with data that is none, hold nothing', () => {
    expect(profileTexts([{ metadata: { name: 'a' } }, { metadata: { name: 'b' }, data: [] }])).toEqual([]);
  });

  it('are for the namespaces that they name; a list that cannot be read lets nobody in', () => {
    const { profiles } = mergeProfiles(profileTexts([configMap('a', { x: yaml('team') }, 'dev, test')]));
    expect([...(profiles.get('team')?.namespaces ?? [])]).toEqual(['dev', 'test']);
    for (const list of ['', 'dev;test', 'Dev', '*', 'dev,']) {
      const merged = mergeProfiles(profileTexts([configMap('a', { x: yaml('team') }, list)]));
      expect(merged.profiles.size, list).toBe(0);
      expect(merged.findings[0]?.message).toContain('pillion.dev/namespaces');
    }
  });
});

describe('a profile that is there twice', () => {
  const texts = (...all: readonly ProfileText[]) => mergeProfiles(all);

  it('in the same words is one, for the namespaces that both allow', () => {
    const text = yaml('team');
    const mounted = { name: '/profiles/team.yaml', text };
    const labelled = { name: 'ConfigMap team, x', text, namespaces: new Set(['dev', 'test']) };
    for (const merged of [texts(mounted, labelled), texts(labelled, mounted)]) {
      expect(merged.findings).toEqual([]);
      expect([...(merged.profiles.get('team')?.namespaces ?? [])]).toEqual(['dev', 'test']);
    }
    const narrower = { ...labelled, namespaces: new Set(['test']) };
    expect([...(texts(labelled, narrower).profiles.get('team')?.namespaces ?? [])]).toEqual(['test']);
  });

  it('in other words is a finding, and the first one counts', () => {
    const { profiles, findings } = texts(
      { name: 'a', text: yaml('team', 'x') },
      { name: 'b', text: yaml('team', 'y') },
    );
    expect(findings).toHaveLength(1);
    expect(profiles.get('team')?.origin).toBe('a');
  });
});
