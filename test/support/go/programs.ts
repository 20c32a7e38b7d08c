/** Servers that tests talk to and that come as Go modules: built once, kept between runs where others may run them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const TIMEOUT_MS = 600_000;
const user = process.getuid?.() ?? 0;
const CACHE = `/var/tmp/pillion-go-${user}`;

/** Why tests that need such a server do not run. */
export const NO_GO = 'Go is not here to build their server';

/**
 * The program of a module, built when it is first asked for; undefined where that cannot be done: without Go, or
 * without a way to the module.
 * @param module path of the program's package
 * @param version of its module, as in `v1.8.0`
 */
export function goProgram(module: string, version: string): string | undefined {
  const name = path.basename(module);
  const program = path.join(CACHE, `${name}-${version}`);
  if (!existsSync(program)) {
    build(`${module}@${version}`, name, program);
  }
  return existsSync(program) && statSync(CACHE).uid === user ? program : undefined;
}

/** Test files that ask at the same time wait for each other; the second finds everything compiled. */
function build(module: string, name: string, program: string): void {
  const fresh = path.join(CACHE, `fresh-${process.pid}`);
  mkdirSync(fresh, { recursive: true, mode: 0o755 });
  const env = { ...process.env, GOBIN: fresh, CGO_ENABLED: '0' };
  const command = [path.join(CACHE, 'lock'), 'go', 'install', '-trimpath', '-ldflags=-s -w', module];
  const { status } = spawnSync('flock', command, { env, cwd: CACHE, stdio: 'ignore', timeout: TIMEOUT_MS });
  if (status === 0) {
    renameSync(path.join(fresh, name), program);
  }
  rmSync(fresh, { recursive: true, force: true });
}
