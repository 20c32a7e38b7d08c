/** Programs of Debian 13 on an older machine: unpacked into a folder of their own, run with their own C library. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** The program and what it needs that is newer than Debian 12's. */
const PACKAGES = [
  'pgbouncer',
  'libaudit1',
  'libc6',
  'libcap-ng0',
  'libcap2',
  'libcares2',
  'libevent-2.1-7t64',
  'libgcc-s1',
  'liblzma5',
  'libpam0g',
  'libssl3t64',
  'libsystemd0',
  'libzstd1',
  'zlib1g',
];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TIMEOUT_MS = 120_000;

/** Where other users may run it from; kept between runs. */
const cache = `/var/tmp/pillion-debian-13-${process.getuid?.() ?? 0}`;

/** Command line of Debian 13's pgbouncer, made when it is first asked for; undefined where that cannot be done. */
export function pgbouncerOfDebian13(): readonly string[] | undefined {
  const root = path.join(cache, 'root');
  if (!existsSync(root) && !unpack(root)) {
    return undefined;
  }
  if (statSync(cache).uid !== process.getuid?.()) {
    return undefined;
  }
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu');
  const loader = path.join(libraries, 'ld-linux-x86-64.so.2');
  const command = [loader, '--library-path', libraries, path.join(root, 'usr/sbin/pgbouncer')];
  return succeeds([...command, '--version'], '/') ? command : undefined;
}

function succeeds([program = '', ...args]: readonly string[], cwd: string): boolean {
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

function unpack(root: string): boolean {
  const uri = mirror();
  if (uri === undefined || process.arch !== 'x64') {
    return false;
  }
  const work = path.join(cache, `work-${process.pid}`);
  mkdirSync(path.join(work, 'lists/partial'), { recursive: true, mode: 0o755 });
  mkdirSync(path.join(work, 'cache/archives/partial'), { recursive: true });
  writeFileSync(path.join(work, 'sources'), `deb [signed-by=${KEYRING}] ${uri} trixie main\n`);
  const options = [
    `Dir::Etc::sourcelist=${work}/sources`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const isFetched =
    succeeds(['apt-get', '-qq', ...options, 'update'], work) &&
    succeeds(['apt-get', '-qq', ...options, 'download', ...PACKAGES], work);
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
