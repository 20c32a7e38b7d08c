import type { Clock } from '../core/clock.ts';
import type { CommandContext } from '../core/command.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import type { Log } from '../core/log/log.ts';
import type { Secrets } from '../core/log/secrets.ts';
import { createRunner, type Runner } from '../scheduler/runs/dispatcher.ts';
import type { RunObserver } from '../scheduler/runs/job.ts';
import { createWarnLimit, type WarnLimit } from '../scheduler/runs/warn-limit.ts';
import type { RunValues } from './command.ts';
import { passthroughOf } from './logging.ts';
import { createNotifier, type Notifier } from './notify.ts';

export interface JobRunnerInit {
  readonly context: CommandContext;
  readonly values: RunValues;
  readonly clock: Clock;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly lifecycle: Lifecycle;
  /** Who is told of runs, in order; the notifier is one of them. */
  readonly observers: (notifier: Notifier) => readonly RunObserver[];
}

export interface JobRunner {
  readonly runner: Runner;
  readonly notifier: Notifier;
  readonly warnings: WarnLimit;
}

/** A runner in the environment of the command line, for the scheduler and for a single run alike. */
export function createJobRunner(init: JobRunnerInit): JobRunner {
  const { context, values, clock, log, secrets, lifecycle } = init;
  const env = Object.fromEntries(
    Object.entries(context.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const warnings = createWarnLimit(log, clock);
  const notifier = createNotifier({ clock, warnings, secrets, env, signal: lifecycle.deadline });
  const runner = createRunner({
    clock,
    log,
    env,
    cwd: context.cwd,
    passthrough: passthroughOf(values),
    stopping: lifecycle.signal,
    warnings,
    secrets,
    observers: init.observers(notifier),
  });
  return { runner, notifier, warnings };
}
