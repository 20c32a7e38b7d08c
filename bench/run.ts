/** `npm run bench [-- NAME [flags]]`: runs one measurement, or all of them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const names = readdirSync('bench', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`bench/${entry.name}/run.ts`))
  .map((entry) => entry.name);
const [first, ...rest] = process.argv.slice(2);
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
