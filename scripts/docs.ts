/** The generated reference: `--write` makes the files, `--check` fails when one differs from what would be made. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { commands } from '../src/commands.ts';
import { configSchemaText } from '../src/git-sync/repositories/config/json-schema.ts';
import { documentedCommands } from './docs/commands.ts';
import { compatibilityPage } from './docs/compatibility.ts';
import { completionFiles, referenceFiles } from './docs/render.ts';

const documented = new Set(documentedCommands.map(({ name }) => name));
const undocumented = commands.filter(({ name }) => !documented.has(name)).map(({ name }) => name);
if (undocumented.length > 0) {
  console.error(`not documented: ${undocumented.join(', ')}\n  try: add it to scripts/docs/commands.ts`);
  process.exit(1);
}

const compatibilityHead = await readFile('docs/git-sync-compatibility.head.md', 'utf8');
const files = new Map([
  ...referenceFiles(documentedCommands),
  ...completionFiles(documentedCommands),
  ['docs/git-sync-compatibility.md', compatibilityPage(compatibilityHead)],
  ['docs/reference/git-sync.schema.json', configSchemaText()],
]);
const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, text] of files) {
  const current = await readFile(path, 'utf8').catch(() => '');
  if (current === text) {
    continue;
  }
  stale.push(path);
  if (!check) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
if (check && stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}\n  try: npm run docs`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? 'the reference is up to date' : `wrote ${stale.join(', ')}`);
}
