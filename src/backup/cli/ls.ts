/** `pillion backup ls`: what a snapshot holds. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { printable } from '../../core/printable.ts';
import { LS_OPTIONS } from '../options/backup.ts';
import { chooseSnapshot, runSubCommand } from './sub-command.ts';

export function lsCommand(context: CommandContext): Promise<ExitStatus> {
  return runSubCommand(context, {
    usage: 'ls [--snapshot ID] [flags]',
    summary: 'Prints the paths in a snapshot.',
    options: LS_OPTIONS,
    failure: 'the snapshot cannot be listed',
    async run({ values, engine, scope: { lifecycle } }) {
      const { signal } = lifecycle;
      const snapshot = await chooseSnapshot(engine, values.snapshot, signal);
      await engine.ls(snapshot, { signal }, (line) =>
        context.stdout(`${process.stdout.isTTY ? printable(line) : line}\n`),
      );
      return 0;
    },
  });
}
