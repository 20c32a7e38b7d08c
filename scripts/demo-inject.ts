/** `make demo-inject`: what one annotation puts into a Deployment, offline; and what a slip of the pen is answered with. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifest = 'examples/004-injector/test.yaml';
const text = readFileSync(at(manifest), 'utf8');

/** Runs the built program in the checkout; its exit code and what it said. */
function pillion(
  args: readonly string[],
  input?: string,
): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('bin/pillion'), ...args], {
    cwd: at('.'),
    encoding: 'utf8',
    ...(input !== undefined && { input }),
  });
  return { code: status, stdout, stderr };
}

function fail(what: string): never {
  console.error(`the demo failed: ${what}`);
  process.exit(1);
}

console.log(`$ pillion inject -f ${manifest} --diff\n`);
const diff = pillion(['inject', '-f', manifest, '--diff']);
if (diff.code !== 0 || !diff.stdout.includes('+        foo: bar')) {
  fail(diff.stderr);
}
console.log(diff.stdout);

console.log('Put in twice it is the same, and taken out again every byte is as it was:');
const once = pillion(['inject'], text).stdout;
if (pillion(['inject'], once).stdout !== once || pillion(['inject', '--uninject'], once).stdout !== text) {
  fail('the second time, or the way back, changed something');
}
console.log('  inject(inject(x)) = inject(x), uninject(inject(x)) = x\n');

console.log('A slip of the pen, git-snyc:');
const slip = pillion(['inject'], text.replace('label, git-sync', 'label, git-snyc'));
if (slip.code !== 1 || slip.stdout !== '') {
  fail('a wrong manifest was not refused');
}
console.log(`  ${slip.stderr.trim()}`);
