/** Programs of another Debian than this machine's, unpacked into a folder of their own and kept between runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TIMEOUT_MS = 120_000;

export type Suite = 'bookworm' | 'trixie' | 'sid';

const user = process.getuid?.() ?? 0;

/** Where other users may run them from. */
const cacheOf = (suite: Suite) =>
  suite === 'trixie' ? `/var/tmp/pillion-debian-13-${user}` : `/var/tmp/pillion-debian-${suite}-${user}`;

/**
 * The folder that the packages are unpacked into, made when it is first asked for; undefined where that cannot be done:
 * without apt, without the archive, on another architecture.
 * @param name of the folder: one for each set of packages
 */
export function debianPackages(suite: Suite, name: string, packages: readonly string[]): string | undefined {
  const cache = cacheOf(suite);
  const root = path.join(cache, name);
  if (!existsSync(root) && !unpack(suite, root, packages)) {
    return undefined;
  }
  return statSync(cache).uid === user ? root : undefined;
}

/** Whether a command line ends with 0. */
export function succeeds([program = '', ...args]: readonly string[], cwd: string): boolean {
  const { status } = spawnSync(program, args, { cwd, stdio: 'ignore', timeout: TIMEOUT_MS });
  return status === 0;
}

/** The archive that this machine's own packages come from. */
function mirror(): string | undefined {
  const format = '$(ORIGIN) $(LABEL) $(REPO_URI)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  const line = (stdout ?? '').split('\n').find((entry) => entry.startsWith('Debian Debian '));
  return line?.split(' ')[2];
}

function unpack(suite: Suite, root: string, packages: readonly string[]): boolean {
  const uri = mirror();
  if (uri === undefined || process.arch !== 'x64') {
    return false;
  }
  const work = path.join(path.dirname(root), `work-${process.pid}-${path.basename(root)}`);
  mkdirSync(path.join(work, 'lists/partial'), { recursive: true, mode: 0o755 });
  mkdirSync(path.join(work, 'cache/archives/partial'), { recursive: true });
  writeFileSync(path.join(work, 'sources'), `deb [signed-by=${KEYRING}] ${uri} ${suite} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${work}/sources`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const isFetched =
    succeeds(['apt-get', '-qq', ...options, 'update'], work) &&
    succeeds(['apt-get', '-qq', ...options, 'download', ...packages], work);
  const fresh = path.join(work, 'root');
  const archives = readdirSync(work).filter((name) => name.endsWith('.deb'));
  const isUnpacked = isFetched && archives.every((name) => succeeds(['dpkg-deb', '-x', name, fresh], work));
  try {
    if (isUnpacked) {
      renameSync(fresh, root);
    }
  } catch {
    // Another test file was faster.
  }
  rmSync(work, { recursive: true, force: true });
  return existsSync(root);
}
