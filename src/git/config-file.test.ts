import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { renderGitConfig, splitConfigKey } from './config-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'pillion-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function readBack(text: string, key: string): string {
  const file = join(directory, 'config');
  writeFileSync(file, text);
  return execFileSync('git', ['config', '--file', file, '--null', '--get-all', key], { encoding: 'utf8' });
}

describe('a rendered git configuration', () => {
  it('is read back by git as it was meant, whatever the value', () => {
    const value = fc.string({ maxLength: 40 }).filter((text) => !text.includes('\0') && !text.includes('\r'));
    fc.assert(
      fc.property(value, (text) => {
        expect(readBack(renderGitConfig([{ key: 'user.name', value: text }]), 'user.name')).toBe(`${text}\0`);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps dots, case and quotes of a subsection', () => {
    const key = 'http.https://Example.org/a"b.extraHeader';
    expect(readBack(renderGitConfig([{ key, value: 'X: y' }]), key)).toBe('X: y\0');
  });

  it('keeps the last value of a repeated key, and all values of one that is declared multiple', () => {
    const pairs = [
      { key: 'safe.directory', value: '/a' },
      { key: 'Safe.Directory', value: '/b' },
    ];
    expect(readBack(renderGitConfig(pairs), 'safe.directory')).toBe('/b\0');
    expect(readBack(renderGitConfig(pairs, new Set(['safe.directory'])), 'safe.directory')).toBe('/a\0/b\0');
  });

  it('refuses keys that git would refuse', () => {
    for (const key of ['plain', '.x', 'a.', 'a b.c', 'a.1b', 'a.b\nc.d', '']) {
      expect(() => splitConfigKey(key), key).toThrow(/invalid git config key/);
    }
  });
});
