/**
 * Reads a copied tree without a pause until its stdin ends, and prints what it saw as JSON: each file must be there and whole
 * at any time, and all of one version while the copy says that it is whole.
 */
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { FILES, wholeContent } from '../tree.ts';

const [copy = ''] = process.argv.slice(2);
const violations: string[] = [];
const versions = new Set<string>();
let rounds = 0;
let whole = 0;

function told(): string | undefined {
  if (existsSync(path.join(copy, '.pillion/updating'))) {
    return undefined;
  }
  return (JSON.parse(readFileSync(path.join(copy, '.pillion/commit.json'), 'utf8')) as { hash: string }).hash;
}

function look(): void {
  const before = told();
  const contents = FILES.map((name) => readFileSync(path.join(copy, name), 'utf8'));
  const isWhole = before !== undefined && told() === before;
  const found = contents.map((content) => content.split('\n')[0] ?? '');
  FILES.forEach((name, index) => {
    if (contents[index] !== wholeContent(name, found[index] ?? '')) {
      violations.push(`${name} is not whole: ${contents[index]?.slice(0, 80)}`);
    }
  });
  if (isWhole && new Set(found).size !== 1) {
    violations.push(`a whole copy has files of the versions ${found.join(', ')}`);
  }
  found.forEach((version) => versions.add(version));
  rounds += 1;
  whole += isWhole ? 1 : 0;
}

os.setPriority(10);
let ended = false;
process.stdin.on('end', () => {
  ended = true;
});
process.stdin.resume();

function loop(): void {
  for (let index = 0; index < 10 && violations.length < 5; index += 1) {
    try {
      look();
    } catch (error) {
      violations.push(String(error));
    }
  }
  if (ended) {
    process.stdout.write(JSON.stringify({ rounds, switches: whole, versions: [...versions], violations }));
  } else {
    setImmediate(loop);
  }
}
process.stdout.write('\n');
loop();
