import type { RunOutcome } from '../../core/exec/run.ts';
import { describeStartFailure } from '../../core/exec/start-failure.ts';
import type { RunEnd } from '../job-body.ts';
import type { Command } from './command.ts';

/** What an exit code means: `final` is a failure that a retry cannot mend. */
export type ExitMeaning = 'success' | 'failure' | 'final';

export interface ExitRule {
  readonly from: number;
  readonly to: number;
  readonly meaning: ExitMeaning;
}

/** What was run, and how its end is to be judged. */
export interface JudgedCommand {
  readonly command: Command;
  readonly cwd: string | undefined;
  readonly exitRules: readonly ExitRule[];
}

type Verdict = Pick<RunEnd, 'result' | 'text' | 'retryable'>;

/** What the end of a command means, by its exit-code map. The first rule that fits counts. */
export function judgeCommand(outcome: RunOutcome, { command, cwd, exitRules }: JudgedCommand): Verdict {
  if (outcome.startFailure !== undefined) {
    const why = describeStartFailure(outcome, nameOf(command), cwd);
    return { result: 'failure', text: `cannot start: ${why}` };
  }
  if (outcome.aborted) {
    return { result: 'failure', text: 'ended on request' };
  }
  if (outcome.signal !== undefined) {
    return { result: 'failure', text: `signal: ${outcome.signal}` };
  }
  const code = outcome.exitCode ?? -1;
  const meaning = exitRules.find(({ from, to }) => code >= from && code <= to)?.meaning;
  const text = `exit status ${code}`;
  return (meaning ?? (code === 0 ? 'success' : 'failure')) === 'success'
    ? { result: 'success', text }
    : { result: 'failure', text, retryable: meaning !== 'final' };
}

/** What its users call the program. */
function nameOf(command: Command): string {
  return command.kind === 'shell' ? `the shell ${command.shell}` : `the program ${command.argv[0] ?? ''}`;
}
