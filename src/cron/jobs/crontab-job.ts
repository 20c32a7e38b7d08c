import { splitWords } from '../../scheduler/grammar/expression.ts';
import { GrammarError, type Remark } from '../../scheduler/grammar/grammar-error.ts';
import { type Command, commandText } from '../../scheduler/runs/command.ts';
import type { CronJob, CrontabRules } from './cron-job.ts';
import { type Remarks, remarksOn } from './crontab-remarks.ts';
import type { Settings } from './crontab-settings.ts';
import { derivedName } from './job-names.ts';
import type { JobOptions } from './job-options.ts';
import { splitPercent } from './percent.ts';
import { findScheduleWords } from './schedule-words.ts';
import { parseSchedule } from './seconds-first.ts';

export interface JobLine {
  /** From the schedule on. */
  readonly text: string;
  /** Where that begins in its line. */
  readonly indent: number;
  readonly line: number;
  /** Its number in the file, from 0. */
  readonly position: number;
}

/**
 * Reads a line of schedule and command.
 * @throws GrammarError with the offset in its line
 */
export function readJobLine(
  { text, indent, line, position }: JobLine,
  settings: Settings,
  ownOptions: Partial<JobOptions>,
  rules: CrontabRules,
): { job: CronJob; remarks: Remarks } {
  const found = findScheduleWords(text, rules.sixth);
  const { command, start } = readCommand(text, found.rest, indent, settings.shell, rules);
  const delay = settings.jitterMs === undefined ? {} : { jitterMs: settings.jitterMs };
  const options = { ...rules.defaults, ...delay, ...ownOptions };
  const words = found.words.map((word) => ({ ...word, offset: word.offset + indent }));
  const warnings: Remark[] = [];
  const hashKey = `${rules.podName}\n${options.name ?? commandText(command)}`;
  const schedule = parseSchedule(
    words,
    { ...rules, hashKey, onRemark: (remark) => warnings.push(remark) },
    found.leftField ? splitWords(text, 6) : words,
  );
  if (commandText(command) === '') {
    throw new GrammarError('there is no command', indent + text.length, 'put one behind the schedule');
  }
  const path = settings.env['PATH'];
  const remarks = remarksOn(found, commandText(command), indent + start, indent, rules, path);
  const job: CronJob = {
    name: options.name ?? derivedName(command),
    named: options.name !== undefined,
    line,
    column: indent + 1,
    position,
    schedule,
    scheduleText: text.slice(0, found.rest).trimEnd(),
    command,
    env: settings.env,
    zone: options.zone ?? settings.zone,
    options,
  };
  return { job, remarks: { notes: remarks.notes, warnings: [...warnings, ...remarks.warnings] } };
}

function readCommand(
  text: string,
  start: number,
  indent: number,
  shell: string,
  rules: CrontabRules,
): { command: Command; start: number } {
  let begin = start;
  if (rules.system) {
    const [user = ''] = /^[^ \t]*/.exec(text.slice(start)) ?? [];
    if (user !== '' && !rules.ownNames.includes(user)) {
      throw new GrammarError(
        `the job is for user "${user.slice(0, 40)}", this runs as ${rules.ownNames.join('/')}`,
        indent + start,
        'run a container as that user, or take the line out',
      );
    }
    begin += user.length;
    begin += /^[ \t]*/.exec(text.slice(begin))?.[0].length ?? 0;
  }
  const rest = text.slice(begin);
  if (!rules.percent) {
    return { command: { kind: 'shell', shell, line: rest }, start: begin };
  }
  const { line, stdin } = splitPercent(rest);
  const command: Command = { kind: 'shell', shell, line, ...(stdin === undefined ? {} : { stdin }) };
  return { command, start: begin };
}
