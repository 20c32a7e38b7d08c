/**
 * `make test`: installs what is missing, runs unit and integration tests and the demo, and counts at the end. Whoever has
 * just run the unit tests on the same files (.ci/run, by `make check`) leaves them out with PILLION_UNIT_TESTS=ran.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages } from './packages.ts';

interface Counts {
  passed: number;
  failed: number;
}

function count(report: unknown, key: string): number {
  const value: unknown = typeof report === 'object' && report !== null ? Reflect.get(report, key) : undefined;
  return typeof value === 'number' ? value : 0;
}

async function vitest(workspace: string, projects: readonly string[]): Promise<Counts> {
  const file = join(workspace, 'report.json');
  const names = projects.flatMap((name) => ['--project', name]);
  const result = spawnSync('node_modules/.bin/vitest', ['run', ...names], {
    stdio: 'inherit',
    env: { ...process.env, PILLION_TEST_REPORT: file },
  });
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const report: unknown = JSON.parse(text);
  const failed = count(report, 'numFailedTests');
  // A runner that ends badly without a failed test (a crash, an unhandled error) is a failure of its own.
  return {
    passed: count(report, 'numPassedTests'),
    failed: result.status === 0 ? failed : Math.max(1, failed),
  };
}

function demo(): Counts {
  console.log('\nthe demo, as `make demo` runs it:');
  const result = spawnSync(process.execPath, ['scripts/demo.ts'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PILLION_DEMO_INTERACTIVE: 'no' },
  });
  return result.status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

// Without it the tests on nights when clocks change are skipped, and say so.
ensurePackages(['faketime']);
// Without them the tests of the recipes for databases are skipped, and say so.
ensurePackages(['mariadb-client', 'mariadb-server-core', 'redis-server', 'redis-tools', 'sqlite3']);
// Without them the tests of signatures by GPG and of large files are skipped, and say so.
ensurePackages(['gnupg', 'git-lfs']);
const packages = ensurePackages([
  'git',
  'mariadb-client-core',
  'openssh-server',
  'openssh-client',
  'openssl',
  'patch',
  'pgbouncer',
  'postgresql',
  'procps',
  'tini',
]);
if (!packages.ok) {
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const workspace = await mkdtemp(join(tmpdir(), 'pillion-test-'));
const projects = ['unit', 'integration'];
if (process.env['PILLION_UNIT_TESTS'] === 'ran') {
  projects.shift();
  console.log('without the unit tests, neither run nor counted here: PILLION_UNIT_TESTS says that they ran');
}
const results = [await vitest(workspace, projects), demo()];
await rm(workspace, { recursive: true, force: true });
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
