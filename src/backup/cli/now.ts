/** `pillion backup now`: one backup, here, and what came of it as JSON. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { makeBackup } from '../make/make-backup.ts';
import { backupSpec } from '../make/spec.ts';
import { NOW_OPTIONS } from '../options/backup.ts';
import { createProgress } from '../progress.ts';
import { runSubCommand } from './sub-command.ts';

export function nowCommand(context: CommandContext): Promise<ExitStatus> {
  return runSubCommand(context, {
    usage: 'now [flags]',
    summary: 'Backs the volume up once, reads the snapshot back and prints what came of it as JSON.',
    options: NOW_OPTIONS,
    failure: 'there is no new backup',
    async run({ values, volume, name, engine, workDir, scope, print }) {
      const { clock, log, lifecycle } = scope;
      const spec = backupSpec(values, { volume, name, workDir }, context.env);
      const deps = { engine, clock, log, onProgress: createProgress(log, clock).on };
      const outcome = await makeBackup(spec, deps, lifecycle);
      const { snapshot, snapshots: _, ...counts } = outcome;
      const made = new Date(snapshot.time).toISOString();
      print(JSON.stringify({ snapshot: snapshot.id, time: made, ...counts }));
      return 0;
    },
  });
}
