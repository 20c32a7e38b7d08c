import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const FOLDER = new URL('.', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');

it('every source of credentials stands in all.ts: one that does not would have a flag that does nothing', () => {
  const sources = readdirSync(FOLDER).filter(
    (name) => !name.includes('.test.') && !['all.ts', 'source.ts'].includes(name),
  );
  expect(sources.length).toBeGreaterThan(2);
  expect(sources.filter((name) => !textOf('all.ts').includes(`'./${name}'`))).toEqual([]);
});
