/** `pillion backup cat PATH`: one file out of a snapshot. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { writeOutput } from '../../core/write-output.ts';
import { LS_OPTIONS } from '../options/backup.ts';
import { chooseSnapshot, runSubCommand } from './sub-command.ts';

/** As a shell says it of a program that SIGPIPE has ended. */
const READER_GONE = 141;

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
      const gone = new AbortController();
      // The bytes as they are: text would not survive the way through the context.
      const write = async (chunk: Uint8Array): Promise<void> => {
        if (!(await writeOutput(chunk, signal))) {
          gone.abort();
          gone.signal.throwIfAborted();
        }
      };
      try {
        const either = AbortSignal.any([signal, gone.signal]);
        await engine.cat(snapshot, words[0] ?? '', { signal: either }, write);
      } catch (error) {
        if (!gone.signal.aborted) {
          throw error;
        }
        return READER_GONE;
      }
      return 0;
    },
  });
}
