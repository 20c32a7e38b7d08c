import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROW = /`((?:src|test|scripts)\/[\w./-]+\.test\.ts)`: ([^|\n]+?) \|/g;
const rows = [...readFileSync('docs/security.md', 'utf8').matchAll(ROW)];

it('names a test for each promise', () => {
  expect(rows.length).toBeGreaterThan(10);
  const promises = readFileSync('docs/security.md', 'utf8').match(/^\| .*\.test\.ts/gm) ?? [];
  expect(promises).toHaveLength(rows.length);
});

it.each(rows.map(([, file = '', title = '']) => [title, file]))('"%s" is a test of %s', (title, file) => {
  expect(readFileSync(file, 'utf8')).toContain(title);
});
