import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { nearest } from '../../core/options/lookup.ts';
import { type ProcessOptions, runProcess } from '../../core/process/run-process.ts';
import { createJob, type RunObserver, type RunReport } from '../../scheduler/runs/job.ts';
import type { CronJob } from '../jobs/cron-job.ts';
import { loadJobs } from '../jobs/load-jobs.ts';
import { logOptions } from '../logging.ts';
import { createRunEnvironment } from '../run-environment.ts';
import { RUN_OPTIONS } from './options.ts';
import { crontabRules, defaultZone } from './rules.ts';
import { readSubCommand } from './sub-command.ts';

const USAGE = 'run FILE JOB';
const STOP_MS = 30_000;

/** `pillion cron run FILE JOB`: one run now, as the scheduler would do it; exits with the job's exit code. */
export async function runCommand(context: CommandContext): Promise<ExitStatus> {
  const { values, positionals } = readSubCommand(context, RUN_OPTIONS, USAGE, ['FILE', 'JOB']);
  if (values.help) {
    const { subCommandHelp } = await import('./help.ts');
    context.stdout(subCommandHelp(USAGE, 'Runs one job now, with its environment, limits and records.'));
    return 0;
  }
  const [file = '', name = ''] = positionals;
  const now = systemClock.now();
  const loaded = await loadJobs(resolve(context.cwd, file), {
    process: context,
    rules: crontabRules(values, context.startedAs),
    defaultZone: defaultZone(values),
    lenient: true,
    now,
  });
  const job = findJob(loaded.jobs, name);
  const options: ProcessOptions = {
    context,
    log: logOptions(values),
    graceMs: STOP_MS,
    exitStatus: (code) => code,
  };
  return runProcess(options, async (scope) => {
    let report: RunReport | undefined;
    const recorder: RunObserver = {
      ended(_run, ended) {
        report = ended;
      },
    };
    const { dispatcher, notifier, specOf } = createRunEnvironment({
      scope,
      values,
      observers: (pings) => [pings, recorder],
    });
    scope.lifecycle.signal.addEventListener('abort', () => dispatcher.stopAll(), { once: true });
    dispatcher.request(createJob(specOf(job)), { cause: 'command', scheduled: now, wantedAt: now });
    await dispatcher.idle();
    await notifier.idle();
    return report?.result === 'success' ? 0 : report?.exitCode || 1;
  });
}

/** By name, or by the number of its line. */
function findJob(jobs: readonly CronJob[], wanted: string): CronJob {
  const found = jobs.find(({ name }) => name === wanted) ?? jobs.find(({ line }) => String(line) === wanted);
  if (found === undefined) {
    const names = jobs.map(({ name }) => name);
    const near = nearest(wanted, names);
    throw usageError(
      `there is no job "${wanted}"`,
      near === undefined ? `jobs: ${names.slice(0, 20).join(', ')}` : `did you mean ${near}?`,
    );
  }
  return found;
}
