/** The options that say what of a commit its readers get to see, and in which form. */
import { bool, int, string } from '../../core/options/value-types.ts';
import { setting } from './setting.ts';
import { FOREIGN_FILE_MODES, oneOf, PUBLISH_MODES } from './words.ts';

export const publishOptions = {
  publish: setting(
    'publish',
    {
      flag: 'publish',
      type: string,
      default: 'symlink',
      env: ['GITSYNC_PUBLISH'],
      help: "what stands at --link: 'symlink', or 'copy' for a plain directory, for consumers that follow no links",
    },
    (mode) => oneOf(PUBLISH_MODES, mode) ?? 'symlink',
  ),
  publishForeignFiles: setting(
    'publishForeignFiles',
    {
      flag: 'publish-foreign-files',
      type: string,
      default: 'keep',
      env: ['GITSYNC_PUBLISH_FOREIGN_FILES'],
      help: "with --publish=copy, what becomes of files in it that no commit has brought: 'keep' or 'remove'",
    },
    (mode) => oneOf(FOREIGN_FILE_MODES, mode) ?? 'keep',
  ),
  keepRevisions: setting('keepRevisions', {
    flag: 'keep-revisions',
    type: int,
    default: 0,
    env: ['GITSYNC_KEEP_REVISIONS'],
    help: 'how many trees stay that were published before, for `git-sync rollback`',
  }),
  stateDir: setting('stateDir', {
    flag: 'state-dir',
    type: string,
    default: '',
    defaultText: 'TMPDIR, or /tmp',
    env: ['GITSYNC_STATE_DIR'],
    help: 'with --keep-revisions, a directory that only git-sync can write to: a rollback is remembered there (defaults to $TMPDIR)',
  }),
  publishSubdirectory: setting(
    'publishSubdirectory',
    {
      flag: 'publish-subdirectory',
      type: string,
      default: '',
      env: ['GITSYNC_PUBLISH_SUBDIRECTORY'],
      help: 'a directory of the repository: only it is published, and a commit without it is not',
    },
    tidySubdirectory,
  ),
  publishArchive: setting('publishArchive', {
    flag: 'publish-archive',
    type: bool,
    default: false,
    env: ['GITSYNC_PUBLISH_ARCHIVE'],
    help: 'publish trees without git metadata: no .git in them, nor in their submodules',
  }),
  publishCommitInfo: setting('publishCommitInfo', {
    flag: 'publish-commit-info',
    type: bool,
    default: false,
    env: ['GITSYNC_PUBLISH_COMMIT_INFO'],
    help: 'publish with each commit a file .pillion/commit.json with its hash, ref, repository and time',
  }),
};

/** The path without what says nothing: slashes at its ends and doubled, and single dots. */
export function tidySubdirectory(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** What is wrong with a sub-directory; undefined when it is fine. */
export function subdirectoryProblem(path: string): string | undefined {
  const parts = tidySubdirectory(path).split('/');
  if (path.startsWith('/')) {
    return 'must be relative to the top of the repository';
  }
  if (path.includes('\0') || parts.includes('..')) {
    return 'must not lead out of the repository';
  }
  return parts.some((part) => part.toLowerCase() === '.git') ? 'must not be inside .git' : undefined;
}
