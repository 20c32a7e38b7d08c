import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { type PillionError, usageError } from '../core/errors.ts';
import { resolveOptions } from '../core/options/resolve.ts';
import { version } from '../core/version.ts';
import { schedulerFlags } from './cli/flags.ts';
import { RUN_OPTIONS, type RunValues } from './cli/options.ts';
import { crontabRules, defaultZone } from './cli/rules.ts';

type SubCommand = (context: CommandContext) => Promise<ExitStatus>;

const SUB_COMMANDS: Readonly<Record<string, () => Promise<SubCommand>>> = {
  test: async () => (await import('./cli/test.ts')).testCommand,
  next: async () => (await import('./cli/next.ts')).nextCommand,
  explain: async () => (await import('./cli/explain.ts')).explainCommand,
  run: async () => (await import('./cli/run.ts')).runCommand,
};

/** `pillion cron`: a sub-command, or the scheduler for a file or RUNAT. */
export async function run(context: CommandContext): Promise<ExitStatus> {
  const asSupercronic = context.startedAs === 'supercronic';
  const [first = '', ...rest] = context.argv;
  const load = !asSupercronic && Object.hasOwn(SUB_COMMANDS, first) ? SUB_COMMANDS[first] : undefined;
  if (load !== undefined) {
    const subCommand = await load();
    return subCommand({ ...context, argv: rest });
  }
  return schedule(context, asSupercronic);
}

async function schedule(context: CommandContext, asSupercronic: boolean): Promise<ExitStatus> {
  const { argv, env } = context;
  const syntax = schedulerFlags(env['RUNAT'], asSupercronic);
  const { values, positionals } = resolveOptions(RUN_OPTIONS, {
    argv,
    env,
    syntax,
    secrets: context.secrets,
  });
  if (values.help) {
    const { cronHelp } = await import('./cli/help.ts');
    context.stdout(cronHelp());
    return 0;
  }
  if (values.version) {
    context.stdout(`${version}\n`);
    return 0;
  }
  if (values.runAt !== '') {
    return scheduleRunAt(context, values, positionals);
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw await wrongArguments(positionals);
  }
  if (values.test) {
    const { testFile } = await import('./cli/test.ts');
    return testFile(context, values, file);
  }
  return scheduleFile(context, values, file);
}

async function wrongArguments(positionals: readonly string[]): Promise<PillionError> {
  const [file = ''] = positionals;
  const { nearest } = await import('../core/options/lookup.ts');
  const meant = nearest(file, Object.keys(SUB_COMMANDS));
  return usageError(
    positionals.length === 0
      ? 'there is no crontab'
      : `one crontab, not ${positionals.length}: ${positionals.join(' ')}`,
    meant === undefined
      ? 'pillion cron FILE, or RUNAT=HH:MM pillion cron COMMAND; see --help'
      : `did you mean pillion cron ${meant}?`,
  );
}

async function scheduleFile(context: CommandContext, values: RunValues, file: string): Promise<ExitStatus> {
  const zone = defaultZone(values);
  const rules = crontabRules(values, context.startedAs);
  const path = resolve(context.cwd, file);
  const { loadJobs } = await import('./jobs/load-jobs.ts');
  const { runScheduler } = await import('./run-scheduler.ts');
  const load = () =>
    loadJobs(path, {
      process: context,
      rules,
      defaultZone: zone,
      lenient: values.lenient,
      now: systemClock.now(),
    });
  return runScheduler({ context, values, zone, source: { label: file, path, load } });
}

async function scheduleRunAt(
  context: CommandContext,
  values: RunValues,
  argv: readonly string[],
): Promise<ExitStatus> {
  const { runAtJob } = await import('./jobs/run-at-job.ts');
  const job = runAtJob(values.runAt, argv, crontabRules(values, context.startedAs));
  const [program = ''] = argv;
  if (argv.length === 1 && isPlainFile(resolve(context.cwd, program))) {
    throw usageError(
      `RUNAT is set, and ${program} is no program`,
      'RUNAT takes a command; with a crontab unset RUNAT',
    );
  }
  const { runScheduler } = await import('./run-scheduler.ts');
  const load = () => Promise.resolve({ jobs: [job], warnings: [], notes: [], text: '' });
  const source = { label: `RUNAT=${values.runAt}`, path: undefined, load };
  return runScheduler({ context, values, zone: defaultZone(values), source });
}

/** A file that cannot be executed. */
function isPlainFile(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    return false;
  }
  try {
    accessSync(path, constants.X_OK);
    return false;
  } catch {
    return true;
  }
}
