import type { Log } from '../core/log/log.ts';
import type { Scope } from '../core/process/run-process.ts';
import type { CommandOutput } from '../scheduler/runs/command-output.ts';
import { createDispatcher, type Dispatcher } from '../scheduler/runs/dispatcher.ts';
import type { RunObserver } from '../scheduler/runs/job.ts';
import { createWarnLimit, type WarnLimit } from '../scheduler/runs/warn-limit.ts';
import type { RunValues } from './cli/options.ts';
import type { CronJob } from './jobs/cron-job.ts';
import { type CronSpec, cronSpec } from './jobs/cron-spec.ts';
import { readEnvFile } from './jobs/env-file.ts';
import { type Passthrough, passthroughOf } from './logging.ts';
import { createNotifier, type Notifier } from './notify.ts';

export interface RunEnvironmentInit {
  readonly scope: Pick<Scope, 'context' | 'clock' | 'log' | 'secrets' | 'lifecycle'>;
  readonly values: RunValues;
  /** Who learns of runs, in order; the notifier is one of them. */
  readonly observers: (notifier: Notifier) => readonly RunObserver<CronSpec>[];
}

export interface RunEnvironment {
  readonly dispatcher: Dispatcher<CronSpec>;
  readonly notifier: Notifier;
  readonly warnings: WarnLimit;
  readonly specOf: (job: CronJob) => CronSpec;
}

/** What jobs run in: the command line's environment, log, pings; for the scheduler and for a single run alike. */
export function createRunEnvironment(init: RunEnvironmentInit): RunEnvironment {
  const { scope, values } = init;
  const { context, clock, log, secrets, lifecycle } = scope;
  const env = Object.fromEntries(
    Object.entries(context.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const warnings = createWarnLimit(log, clock);
  const notifier = createNotifier({ clock, warnings, env, signal: lifecycle.deadline });
  const dispatcher = createDispatcher<CronSpec>({
    clock,
    log,
    stopping: lifecycle.signal,
    warnings,
    failureMessage: 'error running command',
    startFields: ({ source }) => ({ position: source.position }),
    observers: init.observers(notifier),
  });
  const passthrough = passthroughOf(values);
  lifecycle.onShutdown('output of jobs', () => passthrough?.flush());
  const output = outputTo(log, warnings, passthrough);
  const specOf = (job: CronJob): CronSpec =>
    cronSpec(job, { env, output, readEnvFile: (path) => readEnvFile(path, secrets) });
  return { dispatcher, notifier, warnings, specOf };
}

const MAX_NAMED = 10;

/** Job output as log lines under the job's name, or as it is. */
function outputTo(log: Log, warnings: WarnLimit, passthrough: Passthrough | undefined): CommandOutput {
  return {
    drained: () => (passthrough ?? log).drained(),
    line({ job, run }, channel, line, truncated) {
      if (passthrough) {
        passthrough.line(channel, line);
      } else {
        log.info(line, { job, run, channel, ...(truncated ? { truncated } : {}) });
      }
    },
    leftoversEnded({ job, run }, programs) {
      const message = 'ended what the job had left running in its process group';
      const hint = 'leftovers=wait waits for it, leftovers=keep lets it go on';
      warnings.warn(job, message, { run, programs: programs.slice(0, MAX_NAMED), hint });
    },
    capped({ job, run }, bytes) {
      warnings.warn(job, 'output cut off: the run has reached its max-output', { run, bytes });
    },
  };
}
