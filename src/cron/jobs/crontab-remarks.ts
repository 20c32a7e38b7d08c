import type { Remark } from '../../scheduler/grammar/grammar-error.ts';
import type { CrontabRules } from './cron-job.ts';
import type { ScheduleWords } from './schedule-words.ts';
import { likelyUser } from './user-column.ts';
import { findOddBlank } from './visible.ts';

/** What is unusual about a job's line that can be read. Warnings are always shown, notes by `cron test` only. */
export interface Remarks {
  readonly warnings: readonly Remark[];
  readonly notes: readonly Remark[];
}

/** Only the start of a command is searched. */
const MAX_READ = 4096;

/**
 * @param command the command, without a user column that was read
 * @param offset where it stands in the line
 * @param begin where the schedule stands
 * @param path the PATH that the job has from its file
 */
export function remarksOn(
  words: ScheduleWords,
  command: string,
  offset: number,
  begin: number,
  rules: CrontabRules,
  path: string | undefined,
): Remarks {
  const start = command.slice(0, MAX_READ);
  const at = (message: string, hint: string): Remark => ({ offset, message, hint });
  const user = rules.system ? undefined : likelyUser(start, path, rules.surroundings);
  const blank = findOddBlank(start.slice(0, 1));
  const isQuartzYear = words.ambiguous && words.quartz && rules.sixth === 'year';
  const warnings = [
    isQuartzYear && { offset: begin, message: SIX_FIELDS.year.message, hint: fieldHint(words) },
    words.leftField && at('the command begins with what could be a field', fieldHint(words)),
    user === 'root' &&
      at(
        'the command begins with "root", as in the user column of /etc/crontab',
        '--system reads that column',
      ),
    blank !== undefined && at(`the command begins with ${blank.name}`, 'replace it by a blank'),
  ];
  const notes = [
    words.ambiguous && !isQuartzYear && { offset: begin, ...SIX_FIELDS[rules.sixth] },
    user !== undefined &&
      user !== 'root' &&
      at(`"${user}" is part of the command`, 'if it is a user column, as in /etc/cron.d: --system reads it'),
    words.quartz && /\d/.test(words.weekday) && { offset: begin, ...QUARTZ_WEEKDAYS },
    ...(rules.percent ? [] : percentNotes(start, at)),
  ];
  return {
    warnings: warnings.filter((remark) => remark !== false),
    notes: notes.filter((remark) => remark !== false),
  };
}

function fieldHint({ quartz }: ScheduleWords): string {
  return quartz
    ? 'six fields of Quartz begin with a second: --fields=second'
    : 'six fields that begin with a second: --fields=second';
}

const QUARTZ_WEEKDAYS = {
  message: 'weekdays count from 0, Sunday',
  hint: 'Quartz, whose crontabs have ?, counts from 1',
};

const SIX_FIELDS: Readonly<Record<CrontabRules['sixth'], { message: string; hint: string }>> = {
  year: {
    message: 'six fields are read as minute to weekday and a year',
    hint: 'croner and most libraries read a second in front: --fields=second',
  },
  second: {
    message: 'six fields are read as a second and minute to weekday',
    hint: 'supercronic reads a year behind them: --fields=year',
  },
};

function percentNotes(command: string, at: (message: string, hint: string) => Remark): Remark[] {
  const notes = [];
  if (/(?<!\\)%/.test(command)) {
    notes.push(at('% is passed to the shell as it is', 'Vixie cron: --vixie-percent'));
  }
  if (command.includes('\\%')) {
    const message = 'the backslash of \\% is passed to the shell, which keeps it within quotes';
    notes.push(at(message, 'write %, or read it as Vixie cron does: --vixie-percent'));
  }
  return notes;
}
