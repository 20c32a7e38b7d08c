/** When something is to happen, as data. The grammar makes these, `time/` finds their instants. */

/** Which days of the month: numbers, the last one, weekdays nearest to a number. */
export interface MonthDayRule {
  /** Written as `*` or `?`: every day. */
  readonly any: boolean;
  /** Begins with `*` or is `?`: what Vixie cron's AND rule asks. */
  readonly star: boolean;
  readonly days: readonly number[];
  readonly last: boolean;
  /** `LW`: the last Monday-to-Friday. */
  readonly lastWeekday: boolean;
  /** `15W`: the Monday-to-Friday nearest to the 15th, within the month. */
  readonly nearestWeekdays: readonly number[];
}

/** Which days of the week; 0 is Sunday. */
export interface WeekdayRule {
  readonly any: boolean;
  readonly star: boolean;
  readonly days: readonly number[];
  /** `5L`: the last Friday of the month. */
  readonly last: readonly number[];
  /** `5#3`: the third Friday. */
  readonly nth: readonly { readonly day: number; readonly n: number }[];
}

/** Instants by calendar fields; all lists ascending and not empty, except where a rule says otherwise. */
export interface CalendarSchedule {
  readonly kind: 'calendar';
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** undefined: every year. */
  readonly years: readonly number[] | undefined;
  readonly monthDays: MonthDayRule;
  readonly weekdays: WeekdayRule;
  /** How the two day rules are joined. */
  readonly days: 'and' | 'or';
  /** Minute or hour begins with `*`: follows elapsed time when the clock is changed, as in Vixie cron. */
  readonly wildcard: boolean;
}

/** Every so many milliseconds from a fixed start. */
export interface EverySchedule {
  readonly kind: 'every';
  readonly ms: number;
}

/** Once, when the scheduler starts. */
export interface RebootSchedule {
  readonly kind: 'reboot';
}

/** Whenever one of the parts says so. */
export interface UnionSchedule {
  readonly kind: 'union';
  readonly parts: readonly CalendarSchedule[];
}

export type Schedule = CalendarSchedule | EverySchedule | RebootSchedule | UnionSchedule;

/** The years supercronic knows; no schedule is computed beyond the last. */
export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2099;
