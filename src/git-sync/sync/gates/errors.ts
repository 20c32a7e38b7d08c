import { defineErrors } from '../../../core/errors.ts';

export const GATE_ERRORS = defineErrors({
  pre_publish_failed: {
    message: ({ hash, why }: { readonly hash: string; readonly why: string }) =>
      `${hash} is not published: ${why}`,
    hint: 'what is published stays; the command is run again after a while, and at once for another commit',
  },
  subdirectory_missing: {
    message: ({ hash, path }: { readonly hash: string; readonly path: string }) =>
      `${hash} is not published: it has no directory ${path}, or a link is in its place`,
    hint: 'set --publish-subdirectory to a directory of the repository; what is published stays',
  },
  reserved_name: {
    message: ({ hash, path }: { readonly hash: string; readonly path: string }) =>
      `${hash} is not published: it has ${path} itself, where what is told of the commit belongs`,
    hint: 'rename it in the repository; what is published stays',
  },
});
