import { renderHelp } from '../../core/options/help.ts';
import { BACKUP_OPTIONS } from '../options/backup.ts';

export function backupHelp(): string {
  return renderHelp({
    usage: [
      'pillion backup --volume DIR --repository URL --schedule EXPR [flags]',
      'RUNAT=HH:MM pillion backup --volume DIR --repository URL [flags]',
      'pillion backup now|snapshots|verify|drill|ls|cat --volume DIR --repository URL [flags]',
    ].join('\n  '),
    summary:
      'pillion backup: backs a volume up on a schedule, reads every snapshot back, and never stores an empty or half restored volume over good history',
    options: BACKUP_OPTIONS,
    after: [
      'For example, in a native sidecar, alongside the application:',
      '  RUNAT=02:30 pillion backup --volume /data --repository s3:https://s3.eu-west-1.amazonaws.com/backups/app \\',
      '    --password-file /secrets/password --init --keep-daily 14 --keep-monthly 6 --on-stop',
    ].join('\n'),
  });
}
