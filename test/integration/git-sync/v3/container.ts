/**
 * A place with an /etc of its own, as a container has: a Secret at /etc/git-secret, a passwd file without the user.
 * It takes root and a mount namespace; tests that need it are skipped elsewhere.
 */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { ProgramsForOthers } from '../../../support/for-others.ts';
import { PILLION } from '../../../support/pillion.ts';
import { type ProgramResult, runProgram, tryProgram } from '../../../support/run-program.ts';

export interface ContainerOptions {
  /** Made at the first run: the container's /etc, HOME and TMPDIR. Later runs find what earlier ones left. */
  readonly scratch: string;
  /** What stands at /etc/git-secret. */
  readonly secret?: string;
  /** Runs as this user and group, whom no passwd file knows; root's otherwise. */
  readonly uid?: number;
  /** Needed for a user other than root. */
  readonly programs?: ProgramsForOthers;
  /** Supplementary groups: what fsGroup gives. */
  readonly groups?: readonly number[];
  /** Whether the user may append to /etc/passwd, as in git-sync's own image. */
  readonly writablePasswd?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

let usable: Promise<boolean> | undefined;

export async function canUseContainer(): Promise<boolean> {
  usable ??= (async () => {
    if (process.getuid?.() !== 0) {
      return false;
    }
    const test = await tryProgram('unshare', ['-m', 'setpriv', '--version']).catch(() => undefined);
    return test?.code === 0;
  })();
  return usable;
}

const ENTER = 'mount --bind "$1" /etc && shift && exec "$@"';

/** What programs look up; copying all of /etc would take seconds. */
const NEEDED = ['passwd', 'group', 'nsswitch.conf', 'hosts', 'ld.so.cache', 'ssh'];

async function makeEtc(etc: string, options: ContainerOptions): Promise<void> {
  await mkdir(etc);
  const present = NEEDED.map((name) => path.join('/etc', name)).filter((name) => existsSync(name));
  await runProgram('cp', ['-a', '--', ...present, etc]);
  if (options.secret !== undefined) {
    await runProgram('cp', ['-a', '--', options.secret, path.join(etc, 'git-secret')]);
  }
  await chmod(path.join(etc, 'passwd'), options.writablePasswd === true ? 0o666 : 0o644);
}

function identity({ uid, groups = [] }: ContainerOptions): string[] {
  if (uid === undefined) {
    return [];
  }
  const extra = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, extra, '--no-new-privs'];
}

/** Runs `pillion git-sync` with these arguments to its end. */
export async function inContainer(
  args: readonly string[],
  options: ContainerOptions,
): Promise<ProgramResult> {
  const { scratch, uid = 0 } = options;
  const [etc, home, tmp] = ['etc', 'home', 'tmp'].map((name) => path.join(scratch, name)) as [
    string,
    string,
    string,
  ];
  if (!existsSync(scratch)) {
    await mkdir(scratch);
    await makeEtc(etc, options);
    for (const directory of [home, tmp]) {
      await mkdir(directory);
      await chown(directory, uid, uid);
    }
  }
  const { pillion, PATH } = options.programs ?? { pillion: PILLION, PATH: process.env['PATH'] };
  const env = { PATH, HOME: home, TMPDIR: tmp, ...options.env };
  const command = ['sh', '-c', ENTER, 'sh', etc, ...identity(options), pillion, 'git-sync', ...args];
  return tryProgram('unshare', ['-m', ...command], { env, cwd: scratch });
}
