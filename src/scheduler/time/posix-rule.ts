/**
 * The rules that POSIX allows in TZ (XBD 8.3), read as the GNU C library reads them (tzset.c): `CET-1CEST`,
 * `EST5EDT,M3.2.0,M11.1.0`, `<+03>-3`. Offsets here are wall time minus instant: the opposite sign.
 */
export interface PosixRule {
  /** Milliseconds. */
  readonly standard: number;
  readonly summer: SummerTime | undefined;
}

export interface SummerTime {
  readonly offset: number;
  /** On the clock of standard time. */
  readonly start: ChangeDate;
  /** On the clock of summer time. */
  readonly end: ChangeDate;
}

/** A moment of each year; `time` is milliseconds after midnight, also negative and beyond a day. */
export type ChangeDate =
  /** Day 0 to 365 of the year, counting 29 February. */
  | { readonly kind: 'zero-based'; readonly day: number; readonly time: number }
  /** Day 1 to 365 of the year, never 29 February. */
  | { readonly kind: 'julian'; readonly day: number; readonly time: number }
  /** The `week`th `weekday` of the month; week 5 is the last one. */
  | {
      readonly kind: 'month';
      readonly month: number;
      readonly week: number;
      readonly weekday: number;
      readonly time: number;
    };

const NAME = /^(?:[A-Za-z]{3,40}|<[A-Za-z0-9+-]{3,40}>)/;
const OFFSET = /^([+-]?)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?/;
const TIME = /^(-?)(\d{1,3})(?::(\d{1,2})(?::(\d{1,2}))?)?/;
const DATE = /^(?:J(\d{1,3})|M(\d{1,2})\.(\d)\.(\d)|(\d{1,3}))/;
const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DEFAULT_TIME = 2 * HOUR_MS;
/** As in the United States since 2007: what the C library takes where a rule has no dates. */
const DEFAULT_START: ChangeDate = { kind: 'month', month: 3, week: 2, weekday: 0, time: DEFAULT_TIME };
const DEFAULT_END: ChangeDate = { kind: 'month', month: 11, week: 1, weekday: 0, time: DEFAULT_TIME };

/** Reads a rule as a whole; undefined when it is none. (The C library takes as much of it as it can read.) */
export function parsePosixRule(text: string): PosixRule | undefined {
  const scanner = { rest: text };
  if (take(scanner, NAME) === undefined) {
    return undefined;
  }
  const standard = takeOffset(scanner);
  if (standard === undefined) {
    return undefined;
  }
  if (scanner.rest === '') {
    return { standard, summer: undefined };
  }
  if (take(scanner, NAME) === undefined) {
    return undefined;
  }
  const offset = takeOffset(scanner) ?? standard + HOUR_MS;
  if (scanner.rest === '' || scanner.rest === ',') {
    return { standard, summer: { offset, start: DEFAULT_START, end: DEFAULT_END } };
  }
  const start = takeDate(scanner);
  const end = start === undefined ? undefined : takeDate(scanner);
  return start === undefined || end === undefined || scanner.rest !== ''
    ? undefined
    : { standard, summer: { offset, start, end } };
}

interface Scanner {
  rest: string;
}

function take(scanner: Scanner, pattern: RegExp): RegExpExecArray | undefined {
  const match = pattern.exec(scanner.rest) ?? undefined;
  scanner.rest = scanner.rest.slice(match?.[0].length ?? 0);
  return match;
}

/** West is positive there. Hours beyond 24, minutes and seconds beyond 59 count as those, as in the C library. */
function takeOffset(scanner: Scanner): number | undefined {
  const match = take(scanner, OFFSET);
  if (match === undefined) {
    return undefined;
  }
  const [, sign, hours, minutes = '0', seconds = '0'] = match;
  const whole =
    Math.min(24, Number(hours)) * 3600 + Math.min(59, Number(minutes)) * 60 + Math.min(59, Number(seconds));
  return (sign === '-' ? 1 : -1) * whole * SECOND_MS + 0;
}

/** `,M3.2.0/2`, `,J60`, `,59/-1:30` */
function takeDate(scanner: Scanner): ChangeDate | undefined {
  if (!scanner.rest.startsWith(',')) {
    return undefined;
  }
  scanner.rest = scanner.rest.slice(1);
  const match = take(scanner, DATE);
  if (match === undefined) {
    return undefined;
  }
  let time: number | undefined = DEFAULT_TIME;
  if (scanner.rest.startsWith('/')) {
    scanner.rest = scanner.rest.slice(1);
    time = takeTime(scanner);
  }
  return time === undefined ? undefined : dateOf(match, time);
}

function dateOf(
  [, julian, month, week, weekday, day]: RegExpExecArray,
  time: number,
): ChangeDate | undefined {
  if (julian !== undefined) {
    return isWithin(julian, 1, 365) ? { kind: 'julian', day: Number(julian), time } : undefined;
  }
  if (day !== undefined) {
    return isWithin(day, 0, 365) ? { kind: 'zero-based', day: Number(day), time } : undefined;
  }
  return isWithin(month, 1, 12) && isWithin(week, 1, 5) && isWithin(weekday, 0, 6)
    ? { kind: 'month', month: Number(month), week: Number(week), weekday: Number(weekday), time }
    : undefined;
}

function isWithin(text: string | undefined, from: number, to: number): boolean {
  return Number(text) >= from && Number(text) <= to;
}

function takeTime(scanner: Scanner): number | undefined {
  const match = take(scanner, TIME);
  if (match === undefined) {
    return undefined;
  }
  const [, sign, hours, minutes = '0', seconds = '0'] = match;
  const whole = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * SECOND_MS;
  return sign === '-' ? 0 - whole : whole;
}
