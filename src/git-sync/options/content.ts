/** The options that say what of a repository is wanted, and whose work it must be. */
import { bool, string, strings } from '../../core/options/value-types.ts';
import { setting } from './setting.ts';
import { linesOf, oneOf, VERIFY_MODES } from './words.ts';

export const contentOptions = {
  sparsePath: setting(
    'sparsePaths',
    {
      flag: 'sparse-path',
      type: strings,
      default: [],
      env: ['GITSYNC_SPARSE_PATH'],
      help: 'a directory of the repository that is wanted, others are left out; can be repeated, and hold several, a line each',
    },
    linesOf,
  ),
  lfs: setting('lfs', {
    flag: 'lfs',
    type: bool,
    default: false,
    env: ['GITSYNC_LFS'],
    help: 'fetch the large files of Git LFS that are checked out; needs git-lfs',
  }),
  verify: setting(
    'verify',
    {
      flag: 'verify',
      type: string,
      default: 'off',
      env: ['GITSYNC_VERIFY'],
      help: "whose signature it takes to publish a commit: 'head' (on the commit), 'tag' (on the tag that --ref names), 'all-new' (on each commit since what is published; needs --depth=0), or 'off'",
    },
    (mode) => oneOf(VERIFY_MODES, mode) ?? 'off',
  ),
  verifyGpgKeyring: setting('verifyGpgKeyring', {
    flag: 'verify-gpg-keyring',
    type: string,
    default: '',
    env: ['GITSYNC_VERIFY_GPG_KEYRING'],
    help: "a file with the GPG keys that --verify trusts, as 'gpg --export' writes it; read again for each commit",
  }),
  verifySshAllowedSigners: setting('verifySshAllowedSigners', {
    flag: 'verify-ssh-allowed-signers',
    type: string,
    default: '',
    env: ['GITSYNC_VERIFY_SSH_ALLOWED_SIGNERS'],
    help: 'a file with the SSH keys that --verify trusts, in the form of ssh-keygen(1), ALLOWED SIGNERS; read again for each commit',
  }),
};
