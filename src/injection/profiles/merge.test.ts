import { describe, expect, it } from 'vitest';
import { mergeProfiles } from './merge.ts';

const text = (name: string, value: unknown) =>
  JSON.stringify({
    apiVersion: 'pillion.dev/v1',
    kind: 'InjectionProfile',
    metadata: { name },
    spec: { labels: { [name]: value } },
  });
const file = (name: string, ...documents: readonly string[]) => ({ name, text: documents.join('\n---\n') });

describe('mergeProfiles', () => {
  it('takes all profiles of all texts', () => {
    const { profiles, findings } = mergeProfiles([
      file('a.yaml', text('one', 'a'), text('two', 'b')),
      file('b.yaml', text('three', 'c')),
    ]);
    expect([...profiles.keys()]).toEqual(['one', 'two', 'three']);
    expect(findings).toEqual([]);
  });

  it('keeps the last good version of one that has become wrong, and takes the others as they are', () => {
    const before = mergeProfiles([file('a.yaml', text('one', 'old'), text('two', 'old'))]);
    const after = mergeProfiles([file('a.yaml', text('one', []), text('two', 'new'))], before.profiles);
    expect(after.profiles.get('one')).toBe(before.profiles.get('one'));
    expect(after.profiles.get('two')?.source).toContain('new');
    expect(after.findings).toMatchObject([{ file: 'a.yaml', keepsLast: true }]);
  });

  it('keeps all profiles of a file that cannot be read as YAML any more', () => {
    const before = mergeProfiles([file('a.yaml', text('one', 'a')), file('b.yaml', text('two', 'b'))]);
    const after = mergeProfiles([file('a.yaml', '{'), file('b.yaml', text('two', 'c'))], before.profiles);
    expect(after.profiles.get('one')).toBe(before.profiles.get('one'));
    expect(after.profiles.get('two')?.source).toContain('"c"');
  });

  it('forgets a profile whose file has gone', () => {
    const before = mergeProfiles([file('a.yaml', text('one', 'a'))]);
    expect(mergeProfiles([], before.profiles).profiles.size).toBe(0);
  });

  it('names both places of a profile that is there twice; the first counts', () => {
    const { profiles, findings } = mergeProfiles([
      file('a.yaml', text('one', 'a')),
      file('b.yaml', text('one', 'b')),
    ]);
    expect(profiles.get('one')?.origin).toBe('a.yaml');
    expect(findings).toMatchObject([{ file: 'b.yaml', message: 'the profile one is in a.yaml, too' }]);
  });
});
