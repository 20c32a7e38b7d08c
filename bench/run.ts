/** `npm run bench [-- NAME [flags]]`: runs one measurement, or all of them; with `--help`, says what it measures and how. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const HELP = ['--help', '-h'];

/** The comment that its program begins with, which names its flags. */
function helpFor(name: string): string {
  const [, comment = ''] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(`bench/${name}/run.ts`, 'utf8')) ?? [];
  return comment.replaceAll(/^ *\* ?/gm, '').trim();
}

const names = readdirSync('bench', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`bench/${entry.name}/run.ts`))
  .map((entry) => entry.name);
const [first, ...rest] = process.argv.slice(2);
if (first !== undefined && (HELP.includes(first) || rest.some((word) => HELP.includes(word)))) {
  const asked = names.includes(first) ? [first] : names;
  console.log(asked.map((name) => `${name}\n\n${helpFor(name)}\n`).join('\n'));
  process.exit(0);
}
if (first !== undefined && !names.includes(first)) {
  console.error(`there is no measurement "${first}"; there are: ${names.join(', ')}`);
  process.exit(2);
}
let failed = false;
for (const name of first === undefined ? names : [first]) {
  console.log(`\n${name}`);
  const result = spawnSync(process.execPath, [`bench/${name}/run.ts`, ...rest], { stdio: 'inherit' });
  failed ||= result.status !== 0;
}
process.exitCode = failed ? 1 : 0;
