/** Whether the schema for editors says what the program reads. */
import { describe, expect, it } from 'vitest';
import { parseGoDuration } from '../../../core/options/go-values.ts';
import type { Options } from '../../../core/options/option.ts';
import { configSchema } from './json-schema.ts';
import { ENTRY_OPTIONS, PROCESS_OPTIONS, TOP_OPTIONS } from './tables.ts';

interface Node {
  readonly [key: string]: Node | undefined;
}
const schema = configSchema() as unknown as Node;
const top = schema['properties'] ?? {};
const entry = top['repositories']?.['items']?.['properties'] ?? {};

const flagsOf = (options: Options) => Object.values(options).map(({ flag }) => flag);
const sorted = (names: readonly string[]) => names.toSorted((a, b) => a.localeCompare(b));

function patternOf(flag: string): string {
  const pattern: unknown = top[flag]?.['pattern'];
  return typeof pattern === 'string' ? pattern : 'none';
}

describe('the schema of the file of --config', () => {
  it('has the keys that the file may have, where it may have them, and no others', () => {
    expect(sorted(Object.keys(top))).toEqual(sorted([...flagsOf(TOP_OPTIONS), 'repositories']));
    expect(sorted(Object.keys(entry))).toEqual(sorted(flagsOf(ENTRY_OPTIONS)));
    expect(flagsOf(PROCESS_OPTIONS).filter((flag) => flag in entry)).toEqual([]);
    expect(schema).toMatchObject({ additionalProperties: false });
  });

  it('knows the type of each option', () => {
    const untyped = Object.entries({ ...top, ...entry }).filter(
      ([, row]) => row?.['type'] === undefined && row?.['anyOf'] === undefined && row?.['enum'] === undefined,
    );
    expect(untyped.map(([flag]) => flag)).toEqual([]);
  });

  it('takes the durations that the program takes', () => {
    const pattern = new RegExp(patternOf('period'), 'u');
    const isRead = (text: string) => {
      try {
        return Number.isFinite(parseGoDuration(text));
      } catch {
        return false;
      }
    };
    const texts = [
      '10s',
      '1m30s',
      '1.5h',
      '.5s',
      '0',
      '250ms',
      '-1s',
      '10',
      '',
      's',
      '1 s',
      '1d',
      '1m30',
      '5µs',
    ];
    expect(texts.filter((text) => pattern.test(text))).toEqual(texts.filter(isRead));
  });
});
