/**
 * Who of git and git-sync may touch the disk by paths. The root, and every other place that a neighbour can write to, is
 * reached through core/foreign-files alone: held open, no link followed, nothing waited for, all sizes bounded.
 */

/** Files that use node:fs themselves, and why nobody else can write where they do. */
export const MAY_USE_PATHS: Readonly<Record<string, string>> = {
  'src/git/auth/authentication.ts': 'when key files that the user names have changed',
  'src/git/auth/required-files.ts': 'whether files are there that the user names',
  'src/git/auth/identity/aws-session.ts': 'the path of the program itself',
  'src/git/auth/socket.ts': 'the permissions of its socket in the private directory',
  'src/git/auth/ssh.ts': 'key files that the user names, and copies of them in the private directory',
  'src/git/auth/ssh-connection.ts': 'the socket of the connection in the private directory',
  'src/git/configuration.ts': "git's configuration in the private directory",
  'src/git/index-entries.ts': 'an index in the private directory',
  'src/git/object-view.ts': 'a view of the objects in the private directory',
  'src/git/private-repository.ts': 'the repository in the private directory',
  'src/git/remote/probe.ts': "looks whether the user's own ~/.netrc is there",
  'src/git/submodules/index-file.ts': 'the index of the private repository',
  'src/git/user.ts': '/etc/passwd, and stand-ins for it in the private directory',
  'src/git-sync/sync/gates/signatures/keys.ts': 'the keys of --verify in the private directory',
  'src/git-sync/sync/repository/lfs-store.ts': 'what git-lfs has fetched in the private directory',
  'src/git-sync/sync/repository/shared-repository.ts': 'indexes and repositories in the private directory',
  'src/git-sync/sync/repository/worktree.ts': 'sparse patterns in the private repository',
  'src/git-sync/sync/copy/known-files.ts': 'notes in the private directory',
  'src/git-sync/sync/reuse/conditions.ts': 'asks what kind of file system the root is on, and its room',
  'src/git-sync/sync/reuse/kept-files.ts': 'indexes and notes in the private directory',
  'src/git-sync/sync/root.ts': 'the path of the root itself, which the user names',
  'src/git-sync/sync/publishing/where-link-is.ts':
    'only where the path of a link outside the root leads, which the user names',
};

const RULED = /^src\/(?:git|git-sync)\//;
const isForTests = (path: string) => /\.test\.ts$|\/(testing|fixtures)\//.test(path);
/** What an import of types alone does not do. */
const USES_DISK =
  /^\s*(?:import|export)\s+(?!type\b)[^'"`;]*?\bfrom\s*'node:fs(?:\/promises)?'|\bimport\(\s*'node:fs/m;

/** Why a file must not touch the disk as it does, if it does. */
export function diskObjections(path: string, text: string): string[] {
  if (!RULED.test(path) || isForTests(path)) {
    return [];
  }
  const uses = USES_DISK.test(text);
  const reason = MAY_USE_PATHS[path];
  if (uses && reason === undefined) {
    return [
      'reach what others can write to through core/foreign-files; for private places see scripts/imports/disk-rule.ts',
    ];
  }
  return !uses && reason !== undefined ? ['needs no exception in scripts/imports/disk-rule.ts any more'] : [];
}

/** Exceptions for files that are not there. */
export function goneExceptions(paths: ReadonlySet<string>): string[] {
  return Object.keys(MAY_USE_PATHS).filter((path) => !paths.has(path));
}
