import { defineErrors } from '../../core/errors.ts';

export const ROLLBACK_ERRORS = defineErrors({
  no_revisions: {
    message: ({ place }: { readonly place: string }) => `no git-sync has kept revisions in ${place}`,
    hint: 'start git-sync with --keep-revisions, and give this command the same --state-dir and TMPDIR',
  },
  which_sync: {
    message: ({ links }: { readonly links: string }) => `several git-syncs keep revisions here: ${links}`,
    hint: 'say which one with --link',
  },
  no_such_revision: {
    message: ({ name, known }: { readonly name: string; readonly known: string }) =>
      `there is no ${name} among the revisions ${known}`,
    hint: 'pillion git-sync rollback --list shows them; give at least four characters of one',
  },
  rollback_waits: {
    message: ({ what, isSeen }: { readonly what: string; readonly isSeen: boolean }) =>
      isSeen
        ? `git-sync has taken note of ${what}, but no sync has succeeded since`
        : `${what} is recorded, but no git-sync has done it yet`,
    hint: 'a git-sync that runs does it at its next sync, and says in its log why it cannot; one that does not, at its start',
  },
});
