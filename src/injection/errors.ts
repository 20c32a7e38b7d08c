import { defineErrors } from '../core/errors.ts';

/** What ends `pillion inject` and its sub-commands. */
export const INJECT_ERRORS = defineErrors({
  manifest_unreadable: {
    message: ({ path, why }: { path: string; why: string }) => `cannot read ${path}: ${why}`,
    hint: 'name files or folders of manifests with -f, or - for standard input',
  },
  profiles_unreadable: {
    message: ({ path, why }: { path: string; why: string }) => `cannot read ${path}: ${why}`,
    hint: 'name files or folders of profiles with --profiles',
  },
  manifest_encoding: {
    message: ({ path, line, why }: { path: string; line: number; why: string }) => `${path}:${line}: ${why}`,
    hint: 'save it as UTF-8: every byte that comes in goes out, and what cannot be read cannot be kept',
  },
  bad_profiles: {
    message: ({ findings }: { findings: string }) => findings,
    hint: 'pillion inject profiles -o schema prints a schema that an editor checks profiles with',
  },
});
