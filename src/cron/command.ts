import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { usageError } from '../core/errors.ts';
import { parseGoFlags } from '../core/options/goflag-syntax.ts';
import type { Values } from '../core/options/option.ts';
import { resolveOptions } from '../core/options/resolve.ts';
import { version } from '../core/version.ts';
import { interspersedGoFlags, RUN_OPTIONS } from './options.ts';
import { defaultZone, tableRules } from './read-rules.ts';

export type RunValues = Values<typeof RUN_OPTIONS>;
type SubCommand = (context: CommandContext) => Promise<ExitStatus>;

const SUB_COMMANDS: Readonly<Record<string, () => Promise<SubCommand>>> = {
  test: async () => (await import('./commands/test.ts')).testCommand,
  next: async () => (await import('./commands/next.ts')).nextCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
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
  // RUNAT's command has flags of its own: ours end where it begins.
  const strict = resolveOptions(RUN_OPTIONS, { argv, env, syntax: parseGoFlags });
  const isRunAt = strict.values.runAt !== '';
  const { values, positionals } =
    isRunAt || asSupercronic
      ? strict
      : resolveOptions(RUN_OPTIONS, { argv, env, syntax: interspersedGoFlags });
  if (values.help) {
    const { cronHelp } = await import('./commands/help.ts');
    context.stdout(cronHelp());
    return 0;
  }
  if (values.version) {
    context.stdout(`${version}\n`);
    return 0;
  }
  if (isRunAt) {
    return runAt(context, values, positionals);
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    const { nearest } = await import('../core/options/lookup.ts');
    const meant = nearest(file ?? '', Object.keys(SUB_COMMANDS));
    throw usageError(
      file === undefined
        ? 'there is no crontab'
        : `one crontab, not ${positionals.length}: ${positionals.join(' ')}`,
      meant === undefined
        ? 'pillion cron FILE, or RUNAT=HH:MM pillion cron COMMAND; see --help'
        : `did you mean pillion cron ${meant}?`,
    );
  }
  if (values.test) {
    const { testFile } = await import('./commands/test.ts');
    return testFile(context, values, file);
  }
  return serveFile(context, values, file);
}

async function serveFile(context: CommandContext, values: RunValues, file: string): Promise<ExitStatus> {
  const zone = defaultZone(values);
  const rules = tableRules(values, context.startedAs);
  const path = resolve(context.cwd, file);
  const { loadTable } = await import('./load-jobs.ts');
  const { serve } = await import('./run-scheduler.ts');
  const load = () => loadTable(path, { rules, defaultZone: zone, lenient: values.lenient, now: Date.now() });
  return serve({ context, values, zone, source: { label: file, path, load } });
}

async function runAt(
  context: CommandContext,
  values: RunValues,
  argv: readonly string[],
): Promise<ExitStatus> {
  const { runAtTable } = await import('./run-at-job.ts');
  const table = runAtTable(values.runAt, argv, tableRules(values, context.startedAs));
  const [program = ''] = argv;
  if (argv.length === 1 && isPlainFile(resolve(context.cwd, program))) {
    throw usageError(
      `RUNAT is set, and ${program} is no program`,
      'RUNAT takes a command; with a crontab unset RUNAT',
    );
  }
  const { serve } = await import('./run-scheduler.ts');
  const source = { label: `RUNAT=${values.runAt}`, path: undefined, load: () => Promise.resolve(table) };
  return serve({ context, values, zone: defaultZone(values), source });
}

function isPlainFile(path: string): boolean {
  try {
    if (!statSync(path).isFile()) {
      return false;
    }
    accessSync(path, constants.X_OK);
    return false;
  } catch {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  }
}
