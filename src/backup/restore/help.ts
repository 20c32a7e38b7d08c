import { renderHelp } from '../../core/options/help.ts';
import { RESTORE_OPTIONS } from '../options/restore.ts';

export function restoreHelp(): string {
  return renderHelp({
    usage: 'pillion restore --volume DIR --repository URL [flags]',
    summary:
      'pillion restore: restores a volume that is empty or corrupt before the application starts, and never lets it start empty because a repository cannot be asked',
    options: RESTORE_OPTIONS,
    after: [
      'Exit code 0: the application may start. 1: it must not. 2: a flag is wrong. 10: only with --plan.',
      'For example, in an init container:',
      '  pillion restore --volume /data --repository s3:https://s3.eu-west-1.amazonaws.com/backups/app \\',
      '    --password-file /secrets/password --check-sqlite app.db',
    ].join('\n'),
  });
}
