/** Every regular expression that is written down in the program's own sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

export interface Expression {
  /** The first file that has it. */
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

interface Node {
  readonly regex?: { readonly pattern: string; readonly flags: string };
}

const isForTests = (path: string) => /\.test\.ts$|\/(testing|fixtures)\//.test(path);

function* nodesOf(value: unknown): Generator<Node> {
  if (value === null || typeof value !== 'object') {
    return;
  }
  yield value;
  for (const child of Object.values(value)) {
    yield* nodesOf(child);
  }
}

/** The literals in a text of TypeScript. */
export function expressionsIn(file: string, text: string): Expression[] {
  const found: Expression[] = [];
  for (const { regex } of nodesOf(parseAst(text, { lang: 'ts' }))) {
    if (regex !== undefined) {
      found.push({ file, source: regex.pattern, flags: regex.flags });
    }
  }
  return found;
}

/** Each once. */
export function collectExpressions(directory: string): Expression[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  const sources = names.filter((name) => name.endsWith('.ts') && !isForTests(join(directory, name)));
  const all = sources.flatMap((name) => {
    const file = join(directory, name);
    return expressionsIn(file, readFileSync(file, 'utf8'));
  });
  return [
    ...new Map(all.map((expression) => [`${expression.source}/${expression.flags}`, expression])).values(),
  ];
}
