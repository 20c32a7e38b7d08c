/** The same for the flags that say how a commit is published. */
import type { Row } from './row.ts';

export const publishRows: readonly Row[] = [
  {
    flag: 'publish',
    value: 'copy',
    expected: { publish: 'copy' },
    fallback: { publish: 'symlink' },
    env: ['GITSYNC_PUBLISH'],
  },
  {
    flag: 'publish-foreign-files',
    value: 'remove',
    expected: { publishForeignFiles: 'remove' },
    fallback: { publishForeignFiles: 'keep' },
    env: ['GITSYNC_PUBLISH_FOREIGN_FILES'],
  },
  {
    flag: 'keep-revisions',
    value: '3',
    expected: { keepRevisions: 3 },
    fallback: { keepRevisions: 0 },
    env: ['GITSYNC_KEEP_REVISIONS'],
  },
  {
    flag: 'state-dir',
    value: '/state',
    expected: { stateDir: '/state' },
    fallback: { stateDir: '' },
    env: ['GITSYNC_STATE_DIR'],
  },
  {
    flag: 'publish-subdirectory',
    value: './dags//team/',
    expected: { publishSubdirectory: 'dags/team' },
    fallback: { publishSubdirectory: '' },
    env: ['GITSYNC_PUBLISH_SUBDIRECTORY'],
  },
  {
    flag: 'publish-archive',
    value: 'true',
    expected: { publishArchive: true },
    fallback: { publishArchive: false },
    env: ['GITSYNC_PUBLISH_ARCHIVE'],
  },
  {
    flag: 'publish-commit-info',
    value: 'true',
    expected: { publishCommitInfo: true },
    fallback: { publishCommitInfo: false },
    env: ['GITSYNC_PUBLISH_COMMIT_INFO'],
  },
];
