/** `pillion backup snapshots`: what there is of the volume, newest first. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { SNAPSHOTS_OPTIONS } from '../options/backup.ts';
import { shownId } from '../snapshot-id.ts';
import { runSubCommand, snapshotsOf } from './sub-command.ts';

export function snapshotsCommand(context: CommandContext): Promise<ExitStatus> {
  return runSubCommand(context, {
    usage: 'snapshots [flags]',
    summary: 'Prints the snapshots of the volume, newest first.',
    options: SNAPSHOTS_OPTIONS,
    failure: 'the snapshots cannot be listed',
    async run({ values, engine, scope, print }) {
      const snapshots = await snapshotsOf(engine, scope.lifecycle.signal);
      const rows = snapshots.map(({ id, time, files, bytes, isPartial }) => ({
        id,
        time: new Date(time).toISOString(),
        files: files ?? null,
        bytes: bytes ?? null,
        partial: isPartial === true,
      }));
      if (values.output === 'json') {
        print(JSON.stringify(rows, undefined, 2));
        return 0;
      }
      for (const { id, time, files, bytes, partial } of rows) {
        const note = partial ? '  partial' : '';
        print(`${shownId(id)}  ${time}  ${files ?? '?'} files  ${bytes ?? '?'} bytes${note}`);
      }
      return 0;
    },
  });
}
