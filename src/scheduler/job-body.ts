/** Why a run happens. */
export type Cause = 'schedule' | 'start' | 'catch-up' | 'command';

/** What a body knows about its run. */
export interface RunContext {
  /** Name of the job. */
  readonly job: string;
  /** Identifies the run in logs; all its attempts share it. */
  readonly run: string;
  /** From 1. */
  readonly attempt: number;
  readonly cause: Cause;
  /** The due instant it is for, milliseconds since the epoch. */
  readonly scheduled: number;
  /**
   * Aborted when the attempt is to end: its timeout, a replacement, the end of the program. From then on a body only
   * tidies up, for at most `killAfterMs`.
   */
  readonly signal: AbortSignal;
  /** Aborted when that time is over: what still runs is ended by force, and shortly afterwards abandoned. */
  readonly deadline: AbortSignal;
  /** From `signal` to `deadline`, milliseconds. */
  readonly killAfterMs: number;
}

/** How an attempt ended, according to its body. */
export interface RunEnd {
  readonly result: 'success' | 'failure';
  /** One line for logs and pings; no secret. */
  readonly text: string;
  /** Whether another attempt may help. Default true; it only counts after a failure. */
  readonly retryable?: boolean | undefined;
  /** Of the program, where one was run. */
  readonly exitCode?: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
  readonly outputBytes?: number | undefined;
}

/**
 * What a job does, once: a shell line, a program (`commandBody`), or any function of this process. What it throws is a
 * failure with that message. A body that was asked to end and still succeeds has succeeded; any other end of it then
 * counts as stopped or timed out. One that ignores `signal` and `deadline` is abandoned: its run has ended, its job may
 * start again, and whatever it does later is its own concern, so it must not change anything after `signal`.
 */
export type JobBody = (run: RunContext) => Promise<RunEnd>;
