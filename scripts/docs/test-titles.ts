/** The sentences that tests are named by, read from their files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestTitle {
  readonly group: string;
  readonly title: string;
}

const NAMED =
  /\b(describe|it|test)((?:\.\w+)*(?:\((?:[^()'"`]|\([^()]*\))*\))?)\(\s*(['"`])((?:\\.|(?!\3)[\s\S])*?)\3/g;

/** The titles of one file in order, each with the innermost `describe` that began before it. */
export function titlesIn(source: string): TestTitle[] {
  const titles: TestTitle[] = [];
  let group = '';
  for (const [, kind, , , text = ''] of source.matchAll(NAMED)) {
    const title = text.replaceAll(/\\(['"`])/g, '$1').replaceAll(/\s+/g, ' ');
    if (kind === 'describe') {
      group = title;
    } else {
      titles.push({ group, title });
    }
  }
  return titles;
}

/** All test files below a directory, sorted. */
export function testFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        return testFiles(path);
      }
      return entry.name.endsWith('.test.ts') ? [path] : [];
    })
    .sort();
}

export function readTitles(file: string): TestTitle[] {
  return titlesIn(readFileSync(file, 'utf8'));
}
