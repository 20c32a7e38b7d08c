/** `pillion backup verify`: whether the repository still holds what it was given. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { VERIFY_OPTIONS } from '../options/backup.ts';
import { runSubCommand, snapshotsOf } from './sub-command.ts';

export function verifyCommand(context: CommandContext): Promise<ExitStatus> {
  return runSubCommand(context, {
    usage: 'verify [flags]',
    summary: 'Checks the structure of the repository and reads its data. Exit code 1 when anything is wrong.',
    options: VERIFY_OPTIONS,
    failure: 'the repository cannot be verified',
    async run({ values, engine, scope, print }) {
      const { signal } = scope.lifecycle;
      await snapshotsOf(engine, signal);
      const problems = await engine.verify(values.percent / 100, { signal });
      problems.forEach((problem) => print(problem));
      print(problems.length === 0 ? 'ok' : `${problems.length} problems`);
      return problems.length === 0 ? 0 : 1;
    },
  });
}
