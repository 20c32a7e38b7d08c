import { renderHelp } from '../../core/options/help.ts';
import type { Options } from '../../core/options/option.ts';
import { jobOptionLines } from '../jobs/job-options.ts';
import { NEXT_OPTIONS, READ_OPTIONS, RUN_OPTIONS } from './options.ts';

export function cronHelp(): string {
  return renderHelp({
    usage: [
      'pillion cron [flags] FILE',
      'RUNAT=HH:MM pillion cron [flags] COMMAND [ARGUMENT...]',
      'pillion cron test FILE',
      'pillion cron next FILE [--from TIME] [--tz ZONE] [--count N] [--output text|json]',
      'pillion cron explain "EXPRESSION"',
      'pillion cron run FILE JOB',
    ].join('\n  '),
    summary: 'pillion cron: runs the jobs of a crontab, a YAML file or RUNAT in a container',
    options: RUN_OPTIONS,
    after: [
      'Options of a job, as key=value in a "# pillion:" comment above it or as keys in YAML:',
      ...jobOptionLines().map((line) => `  ${line}`),
      '',
      'Flags may have one dash or two. Every sub-command takes --help.',
    ].join('\n'),
  });
}

/** The page of a sub-command. */
export function subCommandHelp(usage: string, summary: string, options: Options = READ_OPTIONS): string {
  return renderHelp({ usage: `pillion cron ${usage}`, summary, options });
}

export const NEXT_HELP = (): string =>
  subCommandHelp(
    'next FILE [flags]',
    'Shows when the jobs of a file start next, and what clock changes do to them.',
    NEXT_OPTIONS,
  );
