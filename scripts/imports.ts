/** Fails when something in src/ imports what it must not know, or does itself what one module does for all. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { importsOf, objection } from './imports/rules.ts';
import { sourceObjections } from './imports/source-rules.ts';

const packages = new Set(Object.keys(packageJson.dependencies));
const names = await readdir('src', { recursive: true });
const found: string[] = [];
for (const path of names.filter((name) => name.endsWith('.ts')).map((name) => join('src', name))) {
  const text = await readFile(path, 'utf8');
  found.push(...sourceObjections(path, text).map((why) => `${path}: ${why}`));
  for (const specifier of importsOf(text)) {
    const why = objection(path, specifier, packages);
    if (why !== undefined) {
      found.push(`${path} imports ${specifier}: ${why}`);
    }
  }
}
if (found.length > 0) {
  console.error(`${found.join('\n')}\n  try: docs/architecture.md says what may import what`);
  process.exitCode = 1;
}
