import { defineErrors } from '../../core/errors.ts';

interface CommandFailure {
  readonly program: string;
  readonly why: string;
  readonly hint?: string | undefined;
}

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
  credential_command_failed: {
    message: ({ program, why }: CommandFailure) => `the program for credentials ${program} ${why}`,
    hint: ({ hint }: CommandFailure) =>
      hint ?? 'run it by hand as the same user: it must print JSON with "password" or "token", or password=',
    about: 'the message says how it ended and what it complained about, never what it printed',
  },
  identity_failed: {
    message: ({
      identity,
      why,
    }: {
      readonly identity: string;
      readonly why: string;
      readonly hint: string;
    }) => `the identity of this machine (${identity}): ${why}`,
    hint: ({ hint }: { readonly identity: string; readonly why: string; readonly hint: string }) => hint,
    about: 'the cloud gives no token to what runs here: the message says what its server answered',
  },
  github_app_failed: {
    message: ({ why }: { readonly why: string; readonly hint: string }) => `GitHub App: ${why}`,
    hint: ({ hint }: { readonly why: string; readonly hint: string }) => hint,
    about: 'the message says which part: the key, the clock, the installation, or the server',
  },
});
