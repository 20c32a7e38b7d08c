import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import { type RunOutcome, tryRun } from '../../core/exec/run.ts';
import type { Log } from '../../core/log/log.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import { backoff } from '../../core/retry.ts';
import type { JobSpec } from '../grammar/job-spec.ts';
import { readEnvFile } from './env-file.ts';
import type { ActiveRun, RunEnd } from './job.ts';
import { type Channel, jobOutput } from './output.ts';
import { judge, type Verdict } from './run-result.ts';
import type { WarnLimit } from './warn-limit.ts';

/** A job's output has been handed on line by line: nothing of it needs to be kept. */
const KEPT_OUTPUT_BYTES = 1024;
const MAX_RETRY_DELAY_MS = 3_600_000;

export interface ExecuteContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly warnings: WarnLimit;
  /** What the log never shows: values of an `env-file` become part of it. */
  readonly secrets: Secrets;
  /** The scheduler's own environment, which jobs inherit. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Takes job output as it is instead of the log. */
  readonly passthrough: ((channel: Channel, line: string) => void) | undefined;
  /** Aborted when no further attempt is to be begun. */
  readonly stopping: AbortSignal;
}

/** Runs a job to its end, with its timeout and retries. Never rejects. */
export async function execute(run: ActiveRun, context: ExecuteContext): Promise<RunEnd> {
  const started = context.clock.monotonic();
  const { options } = run.spec;
  const delays = backoff({ initialMs: options.retryDelayMs, maxMs: MAX_RETRY_DELAY_MS });
  let outputBytes = 0;
  for (let attempt = 1; ; attempt += 1) {
    const { verdict, exitCode, signal, bytes } = await attemptRun(run, context);
    outputBytes += bytes;
    const again = verdict.retryable && attempt <= options.retries && !context.stopping.aborted;
    logVerdict(run, context, verdict, attempt, again);
    if (!again || !(await waitFor(delays(attempt), run, context))) {
      const { result, text } = verdict;
      const durationMs = context.clock.monotonic() - started;
      return { result, text, exitCode, signal, attempts: attempt, durationMs, outputBytes };
    }
  }
}

/** False when the run was stopped meanwhile. */
async function waitFor(ms: number, run: ActiveRun, context: ExecuteContext): Promise<boolean> {
  const end = AbortSignal.any([run.stop.signal, context.stopping]);
  try {
    await context.clock.sleep(ms, end);
    return true;
  } catch {
    return false;
  }
}

type Attempt = Pick<RunOutcome, 'exitCode' | 'signal'> & {
  readonly verdict: Verdict;
  readonly bytes: number;
};

async function attemptRun(run: ActiveRun, context: ExecuteContext): Promise<Attempt> {
  const { spec } = run;
  const { options } = spec;
  const cwd = spec.cwd ?? context.cwd;
  let fromFile: Readonly<Record<string, string>> = {};
  if (options.envFile !== undefined) {
    try {
      fromFile = await readEnvFile(options.envFile, cwd, context.secrets);
    } catch (error) {
      const verdict = { result: 'failure', retryable: true, text: errorMessage(error) } as const;
      return { verdict, exitCode: undefined, signal: undefined, bytes: 0 };
    }
  }
  const fields = { job: run.job, run: run.id };
  const output = jobOutput(
    {
      line(channel, line, truncated) {
        if (context.passthrough) {
          context.passthrough(channel, line);
        } else {
          context.log.info(line, { ...fields, channel, ...(truncated ? { truncated } : {}) });
        }
      },
      capped: (bytes) =>
        context.warnings.warn(run.job, 'output cut off: the run has reached its max-output', {
          run: run.id,
          bytes,
        }),
    },
    options.maxOutputBytes,
  );
  const { program, args, stdin } = commandOf(spec);
  const outcome = await tryRun(program, args, {
    cwd,
    env: { ...context.env, ...spec.env, ...fromFile, PILLION_JOB: run.job, PILLION_RUN: run.id },
    stdin,
    timeoutMs: options.timeoutMs,
    graceMs: options.killAfterMs,
    maxOutputBytes: KEPT_OUTPUT_BYTES,
    signal: run.stop.signal,
    killGroupAfterExit: options.leftovers === 'kill',
    onOutput: (stream, chunk) => output.push(stream, chunk),
    onSpawn(pid) {
      run.pid = pid;
    },
  });
  run.pid = undefined;
  output.end();
  const { exitCode, signal } = outcome;
  return { verdict: judge(outcome, options.exitCodes), exitCode, signal, bytes: output.bytes() };
}

function commandOf({ command }: JobSpec): {
  program: string;
  args: readonly string[];
  stdin: string | undefined;
} {
  if (command.kind === 'shell') {
    return { program: command.shell, args: ['-c', command.line], stdin: command.stdin };
  }
  const [program = '', ...args] = command.argv;
  return { program, args, stdin: undefined };
}

function logVerdict(
  run: ActiveRun,
  { log, warnings }: ExecuteContext,
  verdict: Verdict,
  attempt: number,
  again: boolean,
): void {
  const fields = { job: run.job, run: run.id, ...(attempt > 1 || again ? { attempt } : {}) };
  if (verdict.result === 'success') {
    log.info('job succeeded', fields);
  } else if (verdict.result === 'stopped') {
    log.info('job stopped', fields);
  } else if (again) {
    warnings.warn(run.job, `error running command: ${verdict.text}; trying again`, fields);
  } else {
    log.error('error running command', verdict.text, fields);
  }
}
