/** What a git-sync says and checks before anything else. */
import type { CommandContext } from '../core/command.ts';
import { findProgram } from '../core/exec/which.ts';
import type { Log } from '../core/log/log.ts';
import type { Lifecycle } from '../core/process/lifecycle.ts';
import { version } from '../core/version.ts';
import { inheritedEnvironment } from '../git/environment.ts';
import { GIT_ERRORS } from '../git/errors.ts';
import { createGit } from '../git/run.ts';
import type { LogNote } from './cli/result.ts';
import type { GitSyncSettings } from './settings.ts';

export function logStartup(log: Log, settings: GitSyncSettings, notes: readonly LogNote[]): void {
  log.info('starting up', {
    version,
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    home: process.env.HOME ?? '',
    flags: settings.shown,
    dialect: settings.dialect,
  });
  notes.forEach((note) => log.info(note.message, note.fields));
  if (process.pid === 1) {
    log.info(
      'detected pid 1: this works, but processes that a hook leaves behind stay as zombies; start with an init (tini)',
      {},
    );
  }
}

/** @throws PillionError `git_missing` */
export async function requireGit(program: string, env: CommandContext['env']): Promise<void> {
  if ((await findProgram(program, env.PATH ?? '')) === undefined) {
    throw GIT_ERRORS.git_missing({ message: `git executable not found: ${program}` });
  }
}

/** Logs git's version while the work begins. Even a git that hangs does not outlive this process. */
export function logGitVersion(
  program: string,
  {
    log,
    lifecycle,
    context,
  }: { readonly log: Log; readonly lifecycle: Lifecycle; readonly context: CommandContext },
): void {
  if (!log.enabled(0)) {
    return;
  }
  const git = createGit({ program, log, env: () => inheritedEnvironment(context.env) });
  const logged = git.run(['version'], { cwd: '/', signal: lifecycle.signal }).then(
    (text) => log.info('git version', { version: text }),
    () => {},
  );
  lifecycle.onShutdown('git version', () => logged);
}
