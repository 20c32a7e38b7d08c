import { defineErrors } from '../../../../core/errors.ts';

interface Refused {
  readonly hash: string;
  readonly why: string;
}

const refusal = ({ hash, why }: Refused) => `${hash} is not published: ${why}`;

export const SIGNATURE_ERRORS = defineErrors({
  signature_missing: {
    message: refusal,
    hint: 'what is published stays: sign the commit or the tag, or find out who pushed it (--verify)',
  },
  signature_refused: {
    message: refusal,
    hint: 'what is published stays: find out who signed this; if it was one of yours, put the key into --verify-gpg-keyring or --verify-ssh-allowed-signers, or renew it there',
  },
  verify_keys_unusable: {
    message: ({ why }: { readonly why: string }) => why,
    hint: "check the files of --verify-gpg-keyring (what 'gpg --export' writes) and --verify-ssh-allowed-signers (lines like 'name@example.com ssh-ed25519 AAAA...'), and that their volume is mounted; nothing is published meanwhile",
  },
  verify_program_missing: {
    message: ({ program }: { readonly program: string }) =>
      `--verify needs ${program}, which cannot be started`,
    hint: 'install gpg for --verify-gpg-keyring and ssh-keygen (OpenSSH 8.9 or newer) for --verify-ssh-allowed-signers; the image has both',
  },
});
