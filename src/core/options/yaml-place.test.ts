import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { yamlOffset } from './yaml-place.ts';

describe('the place of a path in YAML', () => {
  const text = '# a comment\njobs:\n  - name: x\n    env: {}\n';
  const document = parseDocument(text);

  it('is where its node begins, or the nearest around it that is there', () => {
    const at = (...path: (string | number)[]) => text.slice(yamlOffset(document, path)).split('\n')[0];
    expect(at('jobs', 0, 'name')).toBe('x');
    expect(at('jobs', 0, 'env', 'A', 'B')).toBe('{}');
    expect(at('jobs', 0, 'other')).toBe('name: x');
    expect(at('jobs', 7)).toBe('- name: x');
    expect(at('other')).toBe('jobs:');
    expect(at()).toBe('jobs:');
  });

  it('is the beginning where there is nothing', () => {
    expect(yamlOffset(parseDocument(''), ['a'])).toBe(0);
    expect(yamlOffset(parseDocument('# only a comment\n'), [])).toBe(0);
  });
});
