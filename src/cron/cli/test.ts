import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { CommandContext } from '../../core/command.ts';
import { formatFinding } from '../jobs/findings.ts';
import { loadJobs } from '../jobs/load-jobs.ts';
import { READ_OPTIONS, type ReadValues } from './options.ts';
import { crontabRules, defaultZone } from './rules.ts';
import { readSubCommand } from './sub-command.ts';
import { surroundingsOf } from './surroundings.ts';

const USAGE = 'test FILE';

/** `pillion cron test FILE`: exit 0 when the file is valid, 1 with every error's position when not. */
export async function testCommand(context: CommandContext): Promise<number> {
  const { values, positionals } = readSubCommand(context, READ_OPTIONS, USAGE, ['FILE']);
  if (values.help) {
    const { subCommandHelp } = await import('./help.ts');
    context.stdout(subCommandHelp(USAGE, 'Checks a file and says what is unusual about it.'));
    return 0;
  }
  return testFile(context, values, positionals[0] ?? '');
}

/** Also `--test`, under its supercronic name. */
export async function testFile(context: CommandContext, values: ReadValues, file: string): Promise<number> {
  const loaded = await loadJobs(resolve(context.cwd, file), {
    process: context,
    rules: {
      ...crontabRules(values, context.startedAs),
      surroundings: surroundingsOf(context.env['PATH']),
    },
    defaultZone: defaultZone(values),
    lenient: values.lenient,
    now: systemClock.now(),
  });
  for (const warning of loaded.warnings) {
    context.stderr(`warning: ${formatFinding(warning)}\n`);
  }
  for (const note of loaded.notes) {
    context.stderr(`note: ${formatFinding(note)}\n`);
  }
  context.stdout(`${file} is valid: ${loaded.jobs.length} ${loaded.jobs.length === 1 ? 'job' : 'jobs'}\n`);
  return 0;
}
