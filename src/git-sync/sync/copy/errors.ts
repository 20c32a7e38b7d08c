import { defineErrors } from '../../../core/errors.ts';

export const COPY_ERRORS = defineErrors({
  not_our_copy: {
    message: ({ path }: { readonly path: string }) =>
      `${path} holds files that no git-sync has published: it is not made a copy of the repository`,
    hint: 'empty the directory, or choose another --link; nothing was changed',
  },
  tree_changed: {
    message: ({ path }: { readonly path: string }) => `${path} was changed while it was copied`,
    hint: 'somebody else writes to the trees below --root; the sync goes on by itself',
  },
});
