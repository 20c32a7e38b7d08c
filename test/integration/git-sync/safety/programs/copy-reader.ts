/**
 * Reads a copied tree again and again until its stdin ends, and prints what it saw as JSON: each file must be there and whole
 * at any time, and all of one version while the copy says that it is whole.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { FILES, wholeContent } from '../tree.ts';
import { readUntilStdinEnds } from './until-stdin-ends.ts';

const [copy = ''] = process.argv.slice(2);
/** A switch is a read of a copy that says that it is whole. */
const report = { rounds: 0, switches: 0, versions: [] as string[], violations: [] as string[] };

function told(): string | undefined {
  if (existsSync(path.join(copy, '.pillion/updating'))) {
    return undefined;
  }
  return (JSON.parse(readFileSync(path.join(copy, '.pillion/commit.json'), 'utf8')) as { hash: string }).hash;
}

function readOnce(): void {
  const before = told();
  const contents = FILES.map((name) => readFileSync(path.join(copy, name), 'utf8'));
  const isWhole = before !== undefined && told() === before;
  const found = contents.map((content) => content.split('\n')[0] ?? '');
  FILES.forEach((name, index) => {
    if (contents[index] !== wholeContent(name, found[index] ?? '')) {
      report.violations.push(`${name} is not whole: ${contents[index]?.slice(0, 80)}`);
    }
  });
  if (isWhole && new Set(found).size !== 1) {
    report.violations.push(`a whole copy has files of the versions ${found.join(', ')}`);
  }
  report.versions.push(...new Set(found.filter((version) => !report.versions.includes(version))));
  report.rounds += 1;
  report.switches += isWhole ? 1 : 0;
}

readUntilStdinEnds(() => {
  try {
    readOnce();
  } catch (error) {
    report.violations.push(String(error));
  }
}, report);
