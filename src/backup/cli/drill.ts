/** `pillion backup drill`: a restore that touches no volume. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { drill } from '../make/drill.ts';
import { DRILL_OPTIONS } from '../options/backup.ts';
import { createProgress } from '../progress.ts';
import { chooseSnapshot, runSubCommand } from './sub-command.ts';

export function drillCommand(context: CommandContext): Promise<ExitStatus> {
  return runSubCommand(context, {
    usage: 'drill [--snapshot ID] [flags]',
    summary:
      'Restores a snapshot into the work directory, compares all of it with its manifest, and removes it again.',
    options: DRILL_OPTIONS,
    failure: 'the drill has failed: do not rely on this backup',
    async run({ values, engine, workDir, scope, print }) {
      const { log, clock, lifecycle } = scope;
      const { signal } = lifecycle;
      const snapshot = await chooseSnapshot(engine, values.snapshot, signal);
      const onProgress = createProgress(log, clock).on;
      const { files, bytes, owners } = await drill(engine, snapshot, workDir, { signal, onProgress });
      print(JSON.stringify({ snapshot: snapshot.id, files, bytes, otherOwners: owners }));
      return 0;
    },
  });
}
