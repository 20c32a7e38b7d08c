/**
 * A first sync of a small repository on this machine, so that a code cache (code-cache.ts) has what V8 compiles for one.
 * Needs git, and nothing else but Node.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BRANCH = 'main';

/** Settings of the machine's git, such as a template or a signature, are none of its business. */
const gitEnvironment = (home: string) => ({
  PATH: process.env['PATH'],
  HOME: home,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
});

function makeRepository(path: string, home: string): void {
  const git = (...args: string[]) => {
    const user = ['-c', 'user.name=build', '-c', 'user.email=build@localhost'];
    execFileSync('git', [...user, ...args], {
      env: gitEnvironment(home),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  };
  git('init', '--quiet', `--initial-branch=${BRANCH}`, path);
  mkdirSync(join(path, 'docs'));
  writeFileSync(join(path, 'index.html'), 'one\n');
  writeFileSync(join(path, 'docs', 'page.md'), 'two\n');
  git('-C', path, 'add', '--all');
  git('-C', path, 'commit', '--quiet', '--message=first');
}

/**
 * Has git-sync publish the repository once.
 * @param run git-sync, with these arguments and this environment; tells its exit code
 */
export async function rehearseSync(
  run: (argv: readonly string[], env: Readonly<Record<string, string | undefined>>) => Promise<unknown>,
): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'pillion-rehearsal-'));
  try {
    const source = join(place, 'source');
    makeRepository(source, place);
    const flags = [
      `--repo=file://${source}`,
      `--ref=${BRANCH}`,
      `--root=${join(place, 'root')}`,
      '--link=link',
    ];
    const code = await run([...flags, '--depth=1', '--one-time'], gitEnvironment(place));
    if (code !== 0) {
      throw new Error(`the sync ended with ${String(code)}`);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
