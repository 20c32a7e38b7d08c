/** Everything that can be checked in under a minute; one line per step, the output of a step only when it fails. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './packages.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Which lines of its output are worth showing when it passed. */
  readonly shows?: RegExp;
}

const steps: readonly Step[] = [
  { name: 'format', command: ['biome', 'check', '.'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'import rules', command: ['node', 'scripts/imports.ts'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'docs drift', command: ['node', 'scripts/docs.ts', '--check'] },
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit'], shows: /\bTests\b.*\bpassed\b/ },
  { name: 'build', command: ['node', 'scripts/build.ts'] },
  {
    name: 'budget (printed, never fails)',
    command: ['node', 'bench/budget/run.ts', '--brief'],
    shows: /goal/,
  },
];

let failed = ensurePackages(['git', 'openssl', 'procps']).ok ? 0 : 1;
for (const { name, command, shows } of steps) {
  const started = performance.now();
  const [program = '', ...args] = command;
  const path = program === 'node' ? process.execPath : `node_modules/.bin/${program}`;
  const result = spawnSync(path, args, { encoding: 'utf8' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = result.status === 0;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (!passed) {
    process.stdout.write(`${result.stdout}${result.stderr}${result.error?.message ?? ''}`);
  } else if (shows) {
    const lines = result.stdout.split('\n').filter((line) => shows.test(line));
    console.log(lines.join('\n'));
  }
  failed += passed ? 0 : 1;
}
console.log(failed === 0 ? 'check passed' : `${failed} of ${steps.length} steps failed`);
process.exitCode = failed === 0 ? 0 : 1;
