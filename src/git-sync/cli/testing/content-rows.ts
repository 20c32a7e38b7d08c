/** The same for the flags of `options/content.ts`. */
import type { Row } from './row.ts';

export const contentRows: readonly Row[] = [
  {
    flag: 'lfs',
    value: 'true',
    expected: { lfs: true },
    fallback: { lfs: false },
    env: ['GITSYNC_LFS'],
  },
  {
    flag: 'sparse-path',
    value: 'docs/a',
    expected: { sparsePaths: ['docs/a'] },
    fallback: { sparsePaths: [] },
    env: ['GITSYNC_SPARSE_PATH'],
  },
  {
    flag: 'verify',
    value: 'head',
    expected: { verify: 'head' },
    fallback: {},
    env: ['GITSYNC_VERIFY'],
    also: ['--verify-gpg-keyring=/k'],
  },
  {
    flag: 'verify-gpg-keyring',
    value: '/k',
    expected: { verifyGpgKeyring: '/k' },
    fallback: { verifyGpgKeyring: '' },
    env: ['GITSYNC_VERIFY_GPG_KEYRING'],
    also: ['--verify=head', '--verify-ssh-allowed-signers=/s'],
  },
  {
    flag: 'verify-ssh-allowed-signers',
    value: '/s',
    expected: { verifySshAllowedSigners: '/s' },
    fallback: { verifySshAllowedSigners: '' },
    env: ['GITSYNC_VERIFY_SSH_ALLOWED_SIGNERS'],
    also: ['--verify=head', '--verify-gpg-keyring=/k'],
  },
];
