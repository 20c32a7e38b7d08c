import { defineErrors } from '../core/errors.ts';

/** What can be wrong with the files and expressions that cron is given. */
export const CRON_ERRORS = defineErrors({
  bad_crontab: {
    message: ({ findings }: { findings: readonly string[] }) => findings.join('\n'),
    about: 'each finding has file, line, column and advice; `pillion cron test` shows them all',
  },
  bad_env_file: {
    message: ({ message }: { message: string }) => `env-file ${message}`,
    hint: ({ hint }: { hint: string }) => hint,
    about: 'the message names file and line; the attempt fails, and the file is read again for the next',
  },
  bad_expression: {
    message: ({ text, offset, message }: { text: string; offset: number; message: string }) =>
      `${text}\n${' '.repeat(offset)}^ ${message}`,
    hint: ({ hint }: { hint: string }) => hint,
    about: 'the message points at the character; `pillion cron explain` shows how an expression is read',
  },
  crontab_missing: {
    message: ({ path }: { path: string }) => `cannot read ${path}: there is no such file`,
    hint: 'mount or copy the crontab there',
  },
});
