/** Everything that can be checked in under a minute; one line per step, the output of a step only when it fails. */
import { spawn } from 'node:child_process';
import { ensurePackages } from './packages.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Which lines of its output are worth showing when it passed. */
  readonly shows?: RegExp;
}

const budget = (what: string): Step => ({
  name: `budget of ${what} (printed, never fails)`,
  command: ['node', 'bench/budget/run.ts', `--only=${what}`],
  shows: /goal/,
});

/** Steps that do not disturb each other: the unit tests alone take as long as all others. */
const lanes: readonly (readonly Step[])[] = [
  [
    {
      name: 'unit tests',
      command: ['vitest', 'run', '--project', 'unit'],
      // Their count, which .ci/run adds up, and what only a second try could do.
      shows: /\bTests\b.*\bpassed\b|^needed a second try: /,
    },
  ],
  [
    { name: 'format', command: ['biome', 'check', '.'] },
    { name: 'import rules', command: ['node', 'scripts/imports.ts'] },
    // What it found out about files that are still the same is kept for the next time.
    { name: 'types', command: ['tsc', '-p', '.', '--incremental', '--tsBuildInfoFile', '.cache/types'] },
    { name: 'docs drift', command: ['node', 'scripts/docs.ts', '--check'] },
    { name: 'lint', command: ['oxlint'] },
    { name: 'build', command: ['node', 'scripts/build.ts'] },
    budget('memory'),
  ],
];

interface Ended {
  readonly passed: boolean;
  readonly stdout: string;
  readonly output: string;
}

function execute([program = '', ...args]: readonly string[]): Promise<Ended> {
  const path = program === 'node' ? process.execPath : `node_modules/.bin/${program}`;
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ passed: false, stdout, output: `${output}${message}\n` }));
    child.once('close', (code) => resolve({ passed: code === 0, stdout, output }));
  });
}

/** Runs a step and says how it ended. */
async function passes({ name, command, shows }: Step): Promise<boolean> {
  const started = performance.now();
  const { passed, stdout, output } = await execute(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (!passed) {
    process.stdout.write(output);
  } else if (shows) {
    const lines = stdout.split('\n').filter((line) => shows.test(line));
    console.log(lines.join('\n'));
  }
  return passed;
}

async function runLane(steps: readonly Step[]): Promise<boolean[]> {
  const results: boolean[] = [];
  for (const step of steps) {
    results.push(await passes(step));
  }
  return results;
}

const started = performance.now();
const results = [
  ensurePackages(['git', 'openssl', 'procps']).ok,
  ...(await Promise.all(lanes.map(runLane))).flat(),
  // Measures time, so nothing else may run.
  await passes(budget('start')),
];
const failed = results.filter((passed) => !passed).length;
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(failed === 0 ? `check passed in ${seconds} s` : `${failed} of ${results.length} steps failed`);
process.exitCode = failed === 0 ? 0 : 1;
