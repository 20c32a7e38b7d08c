import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { createLifecycle } from '../../core/lifecycle.ts';
import { createSecrets } from '../../core/log/secrets.ts';
import { nearest } from '../../core/options/lookup.ts';
import type { JobSpec } from '../../scheduler/grammar/job-spec.ts';
import { createJob, type RunEnd, type RunObserver } from '../../scheduler/runs/job.ts';
import { loadTable } from '../load-jobs.ts';
import { createCronLog } from '../logging.ts';
import { RUN_OPTIONS } from '../options.ts';
import { defaultZone, tableRules } from '../read-rules.ts';
import { createJobRunner } from '../run-environment.ts';
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
  const now = Date.now();
  const table = await loadTable(resolve(context.cwd, file), {
    rules: tableRules(values, context.startedAs),
    defaultZone: defaultZone(values),
    lenient: true,
    now,
  });
  const spec = findJob(table.jobs, name);
  const secrets = createSecrets();
  const log = createCronLog(values, secrets);
  const lifecycle = createLifecycle({ graceMs: STOP_MS });
  let end: RunEnd | undefined;
  const recorder: RunObserver = {
    ended(_run, ended) {
      end = ended;
    },
  };
  const { runner, notifier } = createJobRunner({
    context,
    values,
    clock: systemClock,
    log,
    secrets,
    lifecycle,
    observers: (pings) => [pings, recorder],
  });
  lifecycle.signal.addEventListener('abort', () => runner.stopAll(), { once: true });
  runner.request(createJob(spec), { cause: 'command', scheduled: now, wantedAt: now });
  await runner.idle();
  await notifier.idle();
  lifecycle.dispose();
  if (end?.result === 'success') {
    return 0;
  }
  return end?.exitCode || 1;
}

/** By name, or by the number of its line. */
function findJob(jobs: readonly JobSpec[], wanted: string): JobSpec {
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
