/** `npm run oldest-node`: the unit tests and the first integration tests on the oldest Node of package.json. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { readManifest } from './manifest.ts';

/** The last three start the built program: both commands, their servers, their children. */
const TESTS = ['src/', 'scripts/', 'e2e/startup.test.ts', 'e2e/init.test.ts', 'cron/commands.test.ts'];
/** Of what takes long, only what depends on Node itself: how expressions grow with their input, and how pipes behave. */
const LEFT_OUT = '**/!(linear|run-streams).long.test.ts';

/** Fetches that Node from npm; returns the folder of its program. */
function fetchNode(version: string, dir: string): string {
  const name = `node-linux-${process.arch}@${version}.0`;
  const archive = execFileSync('npm', ['pack', '--silent', name], { cwd: dir, encoding: 'utf8' }).trim();
  execFileSync('tar', ['--extract', '--gzip', '--file', archive, 'package/bin'], { cwd: dir });
  return join(dir, 'package', 'bin');
}

const { oldestNode } = readManifest();
const dir = mkdtempSync(join(tmpdir(), 'pillion-oldest-node-'));
try {
  const bin = fetchNode(oldestNode, dir);
  const PATH = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  const { status } = spawnSync('node_modules/.bin/vitest', ['run', '--exclude', LEFT_OUT, ...TESTS], {
    stdio: 'inherit',
    env: { ...process.env, PATH },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
