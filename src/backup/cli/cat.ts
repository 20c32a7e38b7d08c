/** `pillion backup cat PATH`: one file out of a snapshot. */
import { once } from 'node:events';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { LS_OPTIONS } from '../options/backup.ts';
import { chooseSnapshot, runSubCommand } from './sub-command.ts';

export function catCommand(context: CommandContext): Promise<ExitStatus> {
  return runSubCommand(context, {
    usage: 'cat PATH [--snapshot ID] [flags]',
    summary: 'Prints the content of a file in a snapshot; PATH is below the volume.',
    options: LS_OPTIONS,
    words: 1,
    failure: 'the file cannot be read',
    async run({ values, words, engine, scope: { lifecycle } }) {
      const { signal } = lifecycle;
      const snapshot = await chooseSnapshot(engine, values.snapshot, signal);
      await engine.cat(snapshot, words[0] ?? '', { signal }, async (chunk) => {
        // The bytes as they are: text would not survive the way through the context.
        if (!process.stdout.write(chunk)) {
          await once(process.stdout, 'drain', { signal });
        }
      });
      return 0;
    },
  });
}
