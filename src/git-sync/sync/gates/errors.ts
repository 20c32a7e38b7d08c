import { defineErrors } from '../../../core/errors.ts';

export const GATE_ERRORS = defineErrors({
  pre_publish_failed: {
    message: ({ hash, why }: { readonly hash: string; readonly why: string }) =>
      `${hash} is not published: ${why}`,
    hint: 'what is published stays; the command is run again after a while, and at once for another commit',
  },
});
