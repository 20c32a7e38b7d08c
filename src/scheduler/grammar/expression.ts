import { errorMessage } from '../../core/errors.ts';
import { parseGoDuration } from '../../core/options/go-values.ts';
import { nearest } from '../../core/options/lookup.ts';
import type { CalendarSchedule, MonthDayRule, Schedule, WeekdayRule } from '../model.ts';
import { type Field, parseField } from './field.ts';
import type { FieldContext } from './field-draft.ts';
import type { FieldKind } from './field-kinds.ts';
import { HOUR, MINUTE, MONTH, MONTH_DAY, SECOND, WEEKDAY, YEAR } from './field-kinds.ts';
import { GrammarError, type Remark } from './grammar-error.ts';

/** How expressions are read where crons differ. */
export interface ExpressionRules extends FieldContext {
  /** What the sixth field is: supercronic adds a year behind, croner and most libraries a second in front. */
  readonly sixth: 'year' | 'second';
  /** `vixie`: a day field that begins with `*` (also `*\/2`) must match too; `or`: only a plain `*` counts as open. */
  readonly dayRule: 'vixie' | 'or';
}

/** A word of the expression with its offset in the text it came from. */
export interface Word {
  readonly text: string;
  readonly offset: number;
}

export const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const ALL_MACROS = [...Object.keys(MACROS), '@reboot', '@every'];
const MIN_EVERY_MS = 1000;
/** Forty years: far enough, and exact as a number of milliseconds. */
const MAX_EVERY_MS = 40 * 366 * 86_400_000;

/** The fields in the order they are written, by their number. */
function fieldKinds(count: number, sixth: ExpressionRules['sixth']): readonly FieldKind[] {
  const five = [MINUTE, HOUR, MONTH_DAY, MONTH, WEEKDAY];
  if (count === 7) {
    return [SECOND, ...five, YEAR];
  }
  if (count === 6) {
    return sixth === 'year' ? [...five, YEAR] : [SECOND, ...five];
  }
  return five;
}

/**
 * Reads an expression given as words: 5, 6 or 7 fields, a macro, `@reboot`, or `@every` and a duration.
 * @throws GrammarError with the offset the words were given with
 */
export function parseWords(words: readonly Word[], rules: ExpressionRules): Schedule {
  const [first] = words;
  if (first === undefined) {
    throw new GrammarError('the schedule is empty', 0, 'five fields: minute hour day month weekday');
  }
  if (first.text.startsWith('@')) {
    return parseMacro(first, words[1], words.length, rules);
  }
  if (words.length < 5 || words.length > 7) {
    throw new GrammarError(
      `a schedule has 5, 6 or 7 fields, this has ${words.length}`,
      first.offset,
      'minute hour day month weekday, with a year behind, or with a second in front and a year behind',
    );
  }
  return parseFields(words, rules);
}

/** Reads an expression that stands alone, e.g. `*\/5 * * * *`. */
export function parseExpression(text: string, rules: ExpressionRules): Schedule {
  return parseWords(splitWords(text), rules);
}

/** The words of a text with their offsets; blanks and tabs separate. */
export function splitWords(text: string, limit = Number.POSITIVE_INFINITY): Word[] {
  const words: Word[] = [];
  const pattern = /[^ \t]+/g;
  for (let match = pattern.exec(text); match !== null && words.length < limit; match = pattern.exec(text)) {
    words.push({ text: match[0], offset: match.index });
  }
  return words;
}

function parseMacro(macro: Word, next: Word | undefined, count: number, rules: ExpressionRules): Schedule {
  const fields = MACROS[macro.text];
  if (fields !== undefined || macro.text === '@reboot') {
    if (count > 1) {
      throw new GrammarError(
        `${macro.text} stands alone`,
        next?.offset ?? macro.offset,
        'leave out the rest, or write fields instead',
      );
    }
    return fields === undefined ? { kind: 'reboot' } : parseExpression(fields, rules);
  }
  if (macro.text === '@every') {
    return parseEvery(macro, next, count);
  }
  const lower = macro.text.toLowerCase();
  const near = ALL_MACROS.includes(lower) ? lower : nearest(lower.slice(0, 20), ALL_MACROS);
  throw new GrammarError(
    `unknown macro "${macro.text.slice(0, 40)}"`,
    macro.offset,
    near === undefined ? `known: ${ALL_MACROS.join(' ')}` : `did you mean ${near}?`,
  );
}

function parseEvery(macro: Word, duration: Word | undefined, count: number): Schedule {
  if (duration === undefined || count > 2) {
    throw new GrammarError(
      '@every needs one duration',
      macro.offset,
      'for example @every 90s or @every 1h30m',
    );
  }
  const ms = everyMs(duration);
  if (ms < MIN_EVERY_MS || ms > MAX_EVERY_MS || !Number.isInteger(ms)) {
    throw new GrammarError(`@every ${duration.text}: out of range`, duration.offset, 'from 1s to 40 years');
  }
  return { kind: 'every', ms };
}

function everyMs(duration: Word): number {
  try {
    return parseGoDuration(duration.text);
  } catch (error) {
    throw new GrammarError(`@every: ${errorMessage(error)}`, duration.offset, 'write 90s, 15m or 1h30m');
  }
}

function parseFields(words: readonly Word[], rules: ExpressionRules): CalendarSchedule {
  const kinds = fieldKinds(words.length, rules.sixth);
  const fields = new Map<FieldKind, Field>();
  for (const [index, kind] of kinds.entries()) {
    const word = words[index] ?? { text: '*', offset: 0 };
    fields.set(kind, parseAt(word, kind, rules));
  }
  const field = (kind: FieldKind): Field => fields.get(kind) ?? parseField('*', kind, rules);
  const monthDays = monthDayRule(field(MONTH_DAY));
  const weekdays = weekdayRule(field(WEEKDAY));
  const years = fields.get(YEAR);
  return {
    kind: 'calendar',
    seconds: fields.get(SECOND)?.values ?? [0],
    minutes: field(MINUTE).values,
    hours: field(HOUR).values,
    months: field(MONTH).values,
    years: years === undefined || years.any ? undefined : years.values,
    monthDays,
    weekdays,
    days: isAnd(monthDays, weekdays, rules.dayRule) ? 'and' : 'or',
    wildcard: field(MINUTE).star || field(HOUR).star,
  };
}

function parseAt(word: Word, kind: FieldKind, { hashKey, onRemark }: FieldContext): Field {
  const shifted = (remark: Remark) => onRemark?.({ ...remark, offset: word.offset + remark.offset });
  try {
    return parseField(word.text, kind, { hashKey, onRemark: shifted });
  } catch (error) {
    if (error instanceof GrammarError) {
      throw new GrammarError(error.message, word.offset + error.offset, error.hint);
    }
    throw error;
  }
}

function monthDayRule(field: Field): MonthDayRule {
  const { any, star, values, last, lastWeekday, nearestWeekdays } = field;
  return { any, star, days: values, last, lastWeekday, nearestWeekdays };
}

function weekdayRule(field: Field): WeekdayRule {
  const { any, star, values, lastOfWeekday, nthWeekdays } = field;
  return { any, star, days: values, last: lastOfWeekday, nth: nthWeekdays };
}

function isAnd(monthDays: MonthDayRule, weekdays: WeekdayRule, rule: ExpressionRules['dayRule']): boolean {
  return rule === 'vixie' ? monthDays.star || weekdays.star : monthDays.any || weekdays.any;
}
