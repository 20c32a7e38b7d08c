import { defineErrors } from '../../core/errors.ts';

export const AUTH_ERRORS = defineErrors({
  file_missing: {
    message: ({ path, purpose }: { readonly path: string; readonly purpose: string }) =>
      `cannot read ${path} (${purpose})`,
    hint: 'check that the Secret is mounted there and has this key, and that this user may read it (fsGroup, defaultMode)',
  },
  password_file_unreadable: {
    message: ({ path, why }: { readonly path: string; readonly why: string }) =>
      `cannot read the password file ${path}: ${why}`,
    hint: 'check that the Secret is mounted and readable for this user (fsGroup, defaultMode)',
  },
  askpass_failed: {
    message: ({ why }: { readonly why: string }) => `the askpass URL ${why}`,
    hint: 'check --askpass-url: it must answer 200 within a second with the lines username= and password=',
  },
  github_app_failed: {
    message: ({ why }: { readonly why: string; readonly hint: string }) => `GitHub App: ${why}`,
    hint: ({ hint }: { readonly why: string; readonly hint: string }) => hint,
    about: 'the message says which part: the key, the clock, the installation, or the server',
  },
});
