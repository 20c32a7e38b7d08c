import { renderHelp } from '../../core/options/help.ts';
import { CHECK_OPTIONS, RUN_OPTIONS } from './options.ts';

export function credentialsHelp(): string {
  return renderHelp({
    usage: [
      'pillion credentials --config FILE [flags]',
      'pillion credentials --provider NAME [flags] --output FORMAT=PATH [--reload TYPE=TARGET]',
      'pillion credentials --provider exec [flags] --output FORMAT=PATH -- PROGRAM [ARGUMENT...]',
      'pillion credentials check [--login] [the same flags]',
    ].join('\n  '),
    summary:
      'pillion credentials: keeps short-lived database credentials fresh in files, and tells who uses them',
    options: RUN_OPTIONS,
    after: [
      'For example, RDS with IAM authentication for a pgbouncer in the same pod:',
      '  pillion credentials --provider aws-rds --host db.c1.eu-west-1.rds.amazonaws.com --user app \\',
      '    --output pgbouncer=/shared/users.txt,mode=0640 --reload pgbouncer=/run/pgbouncer',
    ].join('\n'),
  });
}

export function checkHelp(): string {
  return renderHelp({
    usage: 'pillion credentials check [--login] [flags of pillion credentials]',
    summary:
      'Says what every source, output and reload would do. Writes nothing, reloads nothing, prints no secret.',
    options: CHECK_OPTIONS,
  });
}
