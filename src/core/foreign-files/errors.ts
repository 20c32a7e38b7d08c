import { defineErrors } from '../errors.ts';

export const FOREIGN_FILE_ERRORS = defineErrors({
  bad_entry_name: {
    message: ({ name }: { name: string }) => `${JSON.stringify(name)} is no name of a directory entry`,
    hint: 'this is a mistake in Pillion: please report it',
  },
  directory_closed: {
    message: ({ path }: { path: string }) => `${path} is used after it was closed`,
    hint: 'this is a mistake in Pillion: please report it',
  },
  not_our_directory: {
    message: ({ path }: { path: string }) =>
      `${path} was replaced by a directory of another user while it was made`,
    hint: 'see which container writes to the volume, and mount it read-only there; nothing was changed',
  },
  not_a_directory: {
    message: ({ path }: { path: string }) => `${path} is a link or a file where a directory is needed`,
    hint: 'move it away; nothing was changed',
  },
});
