import { systemClock } from '../../core/clock.ts';
import type { CommandContext } from '../../core/command.ts';
import { PillionError } from '../../core/errors.ts';
import { describeSchedule } from '../../scheduler/grammar/describe.ts';
import { parseWords, splitWords } from '../../scheduler/grammar/expression.ts';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import type { Schedule } from '../../scheduler/model.ts';
import { formatInstant } from '../../scheduler/time/format-instant.ts';
import { nextFire } from '../../scheduler/time/next.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import type { CrontabRules } from '../jobs/cron-job.ts';
import { READ_OPTIONS } from './options.ts';
import { crontabRules, defaultZone } from './rules.ts';
import { readSubCommand } from './sub-command.ts';

const USAGE = 'explain "EXPRESSION" [--tz ZONE]';
const SHOWN = 3;

/** `pillion cron explain "EXPR"`: the expression in plain words, and its next times. */
export async function explainCommand(context: CommandContext): Promise<number> {
  const { values, positionals } = readSubCommand(context, READ_OPTIONS, USAGE, ['EXPRESSION']);
  if (values.help) {
    const { subCommandHelp } = await import('./help.ts');
    context.stdout(subCommandHelp(USAGE, 'Says in plain words what a schedule means.'));
    return 0;
  }
  const schedule = parse(positionals[0] ?? '', crontabRules(values, context.startedAs));
  const zone = defaultZone(values);
  const next = comingTimes(schedule, zone);
  const lines = [...describeSchedule(schedule), ...next];
  context.stdout(`${lines.join('\n')}\n`);
  return 0;
}

function parse(text: string, rules: CrontabRules): Schedule {
  try {
    return parseWords(splitWords(text), { ...rules, hashKey: `${rules.podName}\n` });
  } catch (error) {
    if (!(error instanceof GrammarError)) {
      throw error;
    }
    throw new PillionError({
      code: 'bad_expression',
      message: `${text}\n${' '.repeat(error.offset)}^ ${error.message}`,
      hint: error.hint,
      cause: error,
    });
  }
}

function comingTimes(schedule: Schedule, zone: Zone): string[] {
  const now = systemClock.now();
  const times: string[] = [];
  let at = nextFire(schedule, zone, now, now);
  while (at !== undefined && times.length < SHOWN) {
    times.push(`  ${formatInstant(at, zone)}`);
    at = nextFire(schedule, zone, at, now);
  }
  if (times.length === 0) {
    return schedule.kind === 'reboot' ? [] : ['It never comes: as a job this is an error.'];
  }
  return [`Next, in ${zone.name}:`, ...times];
}
