import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { icuSpelling, icuZone } from './icu-zone.ts';

const DATABASE = '/usr/share/zoneinfo';

/** Names of the system's zone data, if there is any, that this Node knows: either may be the newer one. */
function systemNames(): string[] {
  try {
    const entries = readdirSync(DATABASE, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(DATABASE.length + 1))
      .filter((name) => /^[A-Z]/.test(name) && icuSpelling(name) !== undefined);
  } catch {
    return [];
  }
}

describe('a zone of the data that Node brings along', () => {
  it('has a name whose case counts, as for the C library', () => {
    const names = [
      ...Intl.supportedValuesOf('timeZone'),
      ...systemNames(),
      'Europe/Kyiv',
      'US/Eastern',
      'PRC',
    ];
    const isTaken = (name: string) => icuZone(name) !== undefined;
    expect(names.filter((name) => !isTaken(name))).toEqual([]);
    const others = names.flatMap((name) => [name.toLowerCase(), name.toUpperCase()]);
    expect(others.filter((name) => !names.includes(name) && isTaken(name))).toEqual([]);
  });

  it('has its name told when that is written in another case', () => {
    expect(icuSpelling('europe/berlin')).toBe('Europe/Berlin');
    expect(icuSpelling('US/EASTERN')).toBe('US/Eastern');
    expect(icuSpelling('Mars/Olympus')).toBeUndefined();
  });
});
