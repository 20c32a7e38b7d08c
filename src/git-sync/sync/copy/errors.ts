import { defineErrors } from '../../../core/errors.ts';

interface NotOurs {
  readonly path: string;
  /** What is not as in the commit; undefined where there is no directory. */
  readonly difference?: string | undefined;
}

export const COPY_ERRORS = defineErrors({
  not_our_copy: {
    message: ({ path, difference }: NotOurs) =>
      difference === undefined
        ? `${path} is no directory: it is not made a copy of the repository`
        : `${path} holds files that no git-sync has published, and ${difference} is not as in the commit: it is not made a copy of the repository`,
    hint: ({ path, difference }: NotOurs) =>
      difference === undefined
        ? 'move it away, or choose another --link; nothing was changed'
        : `empty the directory, or choose another --link; or have it taken over by 'mkdir -p ${path}/.pillion && touch ${path}/.pillion/updating': then files at paths of the repository are replaced, and with --publish-foreign-files=keep all others stay. Nothing was changed`,
    about:
      'a directory without records of a copy is only taken for one where it has just the files of the commit',
  },
  mount_in_copy: {
    message: ({ path }: { readonly path: string }) =>
      `something is mounted at ${path}, where the repository has something: what is mounted is not written to`,
    hint: 'mount it elsewhere, or not in the container of git-sync; nothing was changed',
    about: 'a copy takes the place of what has been in it, and that of something mounted cannot be taken',
  },
  tree_changed: {
    message: ({ path }: { readonly path: string }) => `${path} was changed while it was copied`,
    hint: 'somebody else writes to the trees below --root; the sync goes on by itself',
  },
});
