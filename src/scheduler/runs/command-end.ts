import type { RunOutcome } from '../../core/exec/run.ts';
import type { RunEnd } from '../job-body.ts';
import type { Command } from './command.ts';

/** What an exit code means: `final` is a failure that a retry cannot mend. */
export type ExitMeaning = 'success' | 'failure' | 'final';

export interface ExitRule {
  readonly from: number;
  readonly to: number;
  readonly meaning: ExitMeaning;
}

type Verdict = Pick<RunEnd, 'result' | 'text' | 'retryable'>;

/** What the end of a command means, by its exit-code map. The first rule that fits counts. */
export function judgeCommand(outcome: RunOutcome, command: Command, rules: readonly ExitRule[]): Verdict {
  if (outcome.spawnError !== undefined) {
    return { result: 'failure', text: `cannot start: ${whyNotStarted(outcome, command)}` };
  }
  if (outcome.aborted) {
    return { result: 'failure', text: 'ended on request' };
  }
  if (outcome.signal !== undefined) {
    return { result: 'failure', text: `signal: ${outcome.signal}` };
  }
  const code = outcome.exitCode ?? -1;
  const meaning = rules.find(({ from, to }) => code >= from && code <= to)?.meaning;
  const text = `exit status ${code}`;
  return (meaning ?? (code === 0 ? 'success' : 'failure')) === 'success'
    ? { result: 'success', text }
    : { result: 'failure', text, retryable: meaning !== 'final' };
}

/** The system's code alone would not tell a missing shell from a missing program or directory. */
function whyNotStarted({ spawnError, directoryMissing }: RunOutcome, command: Command): string {
  if (directoryMissing) {
    return 'the working directory does not exist';
  }
  const what =
    command.kind === 'shell' ? `the shell ${command.shell}` : `the program ${command.argv[0] ?? ''}`;
  if (spawnError === 'ENOENT') {
    const where = what.includes('/') ? 'does not exist, or its interpreter does not' : 'is not in PATH';
    return `${what} ${where} (ENOENT)`;
  }
  if (spawnError === 'EACCES') {
    return `${what} may not be executed (EACCES)`;
  }
  return `${what}: ${spawnError ?? 'unknown'}`;
}
