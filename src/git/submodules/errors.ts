import { defineErrors } from '../../core/errors.ts';

const OFF = 'use --submodules=off';

export const SUBMODULE_ERRORS = defineErrors({
  submodules_too_many: {
    message: ({ bytes, limit }: { bytes: number; limit: number }) =>
      `.gitmodules has ${bytes} bytes, more than ${limit}`,
    hint: `${OFF}, or a commit with fewer submodules`,
  },
  submodule_without_url: {
    message: ({ path }: { path: string }) =>
      `no url found for submodule path ${JSON.stringify(path)} in .gitmodules`,
    hint: `the commit has a submodule there that .gitmodules does not describe, or with an address that cannot be used: mend it in the repository, or ${OFF}`,
  },
});
