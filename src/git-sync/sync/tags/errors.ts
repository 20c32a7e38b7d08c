import { defineErrors } from '../../../core/errors.ts';

export const TAG_ERRORS = defineErrors({
  no_tag_matches: {
    message: ({ ref }: { readonly ref: string }) => `no tag of the remote repository matches ${ref}`,
    hint: 'check --ref and the names of the tags: versions are like 1.2.3 or v1.2.3, and prereleases count only where the range names one; what is published stays',
  },
});
