/** `make demo-inject`: what one annotation puts into a Deployment, offline; and what a slip of the pen is answered with. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tryProgram } from '../test/support/run-program.ts';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifest = 'examples/004-injector/test.yaml';
const text = readFileSync(at(manifest), 'utf8');

/** Runs the built program in the checkout. */
const pillion = (args: readonly string[], input = '') =>
  tryProgram(process.execPath, [at('bin/pillion'), ...args], { cwd: at('.'), input });

function fail(what: string): never {
  console.error(`the demo failed: ${what}`);
  process.exit(1);
}

// What does not wait for another runs next to it: somebody looks on.
const asked = pillion(['inject', '-f', manifest, '--diff']);
const put = pillion(['inject'], text);
const refused = pillion(['inject'], text.replace('label, git-sync', 'label, git-snyc'));

console.log(`$ pillion inject -f ${manifest} --diff\n`);
const diff = await asked;
if (diff.code !== 0 || !diff.stdout.includes('+        foo: bar')) {
  fail(diff.stderr);
}
console.log(diff.stdout);

console.log('Put in twice it is the same, and taken out again every byte is as it was:');
const once = (await put).stdout;
const [twice, back] = await Promise.all([pillion(['inject'], once), pillion(['inject', '--uninject'], once)]);
if (twice.stdout !== once || back.stdout !== text) {
  fail('the second time, or the way back, changed something');
}
console.log('  inject(inject(x)) = inject(x), uninject(inject(x)) = x\n');

console.log('A slip of the pen, git-snyc:');
const slip = await refused;
if (slip.code !== 1 || slip.stdout !== '') {
  fail('a wrong manifest was not refused');
}
console.log(`  ${slip.stderr.trim()}`);
