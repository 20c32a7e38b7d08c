import { systemClock } from '../../core/clock.ts';
import type { CommandContext } from '../../core/command.ts';
import { printable } from '../../core/printable.ts';
import { describeSchedule } from '../../scheduler/grammar/describe.ts';
import { splitWords } from '../../scheduler/grammar/expression.ts';
import type { FieldContext } from '../../scheduler/grammar/field-draft.ts';
import { GrammarError, type Remark } from '../../scheduler/grammar/grammar-error.ts';
import type { Schedule } from '../../scheduler/model.ts';
import { formatInstant } from '../../scheduler/time/format-instant.ts';
import { nextFire } from '../../scheduler/time/next.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import { CRON_ERRORS } from '../errors.ts';
import type { CrontabRules } from '../jobs/cron-job.ts';
import { parseSchedule } from '../jobs/seconds-first.ts';
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
  const remarks: Remark[] = [];
  const onRemark = (remark: Remark) => remarks.push(remark);
  const rules = { ...crontabRules(values, context.startedAs), onRemark };
  const schedule = parse(positionals[0] ?? '', rules);
  const zone = defaultZone(values);
  const next = comingTimes(schedule, zone);
  const notes = remarks.map(({ message, hint }) => printable(`Note: ${message} (${hint}).`));
  const lines = [...describeSchedule(schedule), ...notes, ...next];
  context.stdout(`${lines.join('\n')}\n`);
  return 0;
}

function parse(text: string, rules: CrontabRules & Pick<FieldContext, 'onRemark'>): Schedule {
  try {
    return parseSchedule(splitWords(text), { ...rules, hashKey: `${rules.podName}\n` });
  } catch (error) {
    if (!(error instanceof GrammarError)) {
      throw error;
    }
    const { offset, message, hint } = error;
    const shown = { text: shownAs(text), offset, message: shownAs(message), hint: shownAs(hint) };
    throw CRON_ERRORS.bad_expression(shown, { cause: error });
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

/** One character for each that a terminal would act on, so that the mark stays below its place. */
const shownAs = (text: string): string => printable(text, '\u{fffd}');
