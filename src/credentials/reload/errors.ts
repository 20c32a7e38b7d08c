import { defineErrors } from '../../core/errors.ts';

/** Why the programs that use a credential were not told, or did not take it. */
export const RELOAD_ERRORS = defineErrors({
  reload_absent: {
    message: ({ target, why }: { target: string; why: string }) => `${target} is not there: ${why}`,
    hint: ({ advice }: { advice: string }) => advice,
    about:
      'at the start this is no failure, since what starts later reads the new file; the hint says what to check',
  },
  reload_failed: {
    message: ({ target, why }: { target: string; why: string }) => `cannot reload ${target}: ${why}`,
    hint: ({ advice }: { advice: string }) => advice,
    about: 'it is tried again without a new token; the hint depends on what was said',
  },
  reload_not_proved: {
    message: ({ target, why }: { target: string; why: string }) =>
      `${target} was reloaded, and a login with the new credential fails: ${why}`,
    hint: ({ advice }: { advice: string }) => advice,
    about:
      'RELOAD answers the same whatever became of the file, so a login is the proof; the hint names the possible causes',
  },
  login_refused: {
    message: ({ target, why }: { target: string; why: string }) =>
      `${target} refuses the new credential: ${why}`,
    hint: ({ advice }: { advice: string }) => advice,
    about:
      'nothing was written, the old file is kept; for RDS the hint lists what can be behind "PAM authentication failed"',
  },
});
