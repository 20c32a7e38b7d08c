import { defineErrors } from '../../core/errors.ts';

export const REPOSITORIES_ERRORS = defineErrors({
  repository_removed: {
    message: ({ name }: { readonly name: string }) =>
      `the repository ${name} is no longer configured like this`,
    about: 'a repository was changed in, or taken out of the file of --config',
    internal: true,
  },
  root_shared: {
    message: ({ root, other }: { readonly root: string; readonly other: string }) =>
      `the root ${root} leads into that of the repository ${other}, by a symbolic link`,
    hint: 'look for a symbolic link on the way to one of the roots, and give each repository a directory of its own',
  },
  link_shared: {
    message: ({ link, other }: { readonly link: string; readonly other: string }) =>
      `the link ${link} is where the repository ${other} has its link or its trees, by a symbolic link`,
    hint: 'look for a symbolic link on the way to one of the links, and give each repository a link of its own',
  },
});
