/** Fails when something in src/ imports what it must not know, or does itself what one module does for all. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { diskObjections, goneExceptions } from './imports/disk-rule.ts';
import { importsOf, objection } from './imports/rules.ts';
import { sourceObjections } from './imports/source-rules.ts';

const packages = new Set(Object.keys(packageJson.dependencies));
const names = await readdir('src', { recursive: true });
const paths = names.filter((name) => name.endsWith('.ts')).map((name) => join('src', name));
const found = goneExceptions(new Set(paths)).map(
  (path) => `${path} is gone: so is its exception for the disk`,
);
for (const path of paths) {
  const text = await readFile(path, 'utf8');
  const objections = [...sourceObjections(path, text), ...diskObjections(path, text)];
  found.push(...objections.map((why) => `${path}: ${why}`));
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
