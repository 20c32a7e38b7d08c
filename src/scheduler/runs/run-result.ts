import type { RunOutcome } from '../../core/exec/run.ts';
import type { ExitRule } from '../grammar/option-values.ts';

/** How a run of a job ended; `stopped` is our doing: a replacement or the end of the scheduler. */
export type RunResult = 'success' | 'failure' | 'timeout' | 'stopped';

export interface Verdict {
  readonly result: RunResult;
  /** A retry may help. */
  readonly retryable: boolean;
  /** One line, as supercronic's users know it. */
  readonly text: string;
}

/** What a job's end means, by its exit-code map. */
export function judge(outcome: RunOutcome, rules: readonly ExitRule[]): Verdict {
  if (outcome.aborted) {
    return { result: 'stopped', retryable: false, text: 'stopped' };
  }
  if (outcome.timedOut !== false) {
    return { result: 'timeout', retryable: true, text: 'timed out' };
  }
  if (outcome.spawnError !== undefined) {
    const what = outcome.directoryMissing ? 'the working directory does not exist' : outcome.spawnError;
    return { result: 'failure', retryable: true, text: `cannot start: ${what}` };
  }
  if (outcome.signal !== undefined) {
    return { result: 'failure', retryable: true, text: `signal: ${outcome.signal}` };
  }
  const code = outcome.exitCode ?? -1;
  const meaning = rules.find(({ from, to }) => code >= from && code <= to)?.meaning;
  if ((meaning ?? (code === 0 ? 'success' : 'failure')) === 'success') {
    return { result: 'success', retryable: false, text: `exit status ${code}` };
  }
  return { result: 'failure', retryable: meaning !== 'final', text: `exit status ${code}` };
}
