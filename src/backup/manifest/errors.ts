import { defineErrors } from '../../core/errors.ts';

const said = ({ message }: { readonly message: string }) => message;

export const MANIFEST_ERRORS = defineErrors({
  manifest_invalid: {
    message: ({ line, reason }: { readonly line: number; readonly reason: string }) =>
      `line ${line} of the snapshot's manifest: ${reason}`,
    hint: 'the manifest is damaged, or was not made by Pillion: nothing of this snapshot is used; see whether an older one verifies',
  },
  volume_too_deep: {
    message: ({ path }: { readonly path: string }) => `${path} has more than 500 directories above it`,
    hint: 'a program has made directories in each other without an end: remove them, or leave the topmost out of the backup',
  },
  volume_changed: {
    message: said,
    hint: 'something writes to the volume: stop it during the backup (a pre hook), or leave these files out',
    about: 'directories of the volume changed again and again while they were being read',
  },
});
