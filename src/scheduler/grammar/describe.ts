import { formatGoDuration } from '../../core/options/go-values.ts';
import type { CalendarSchedule, MonthDayRule, Schedule, WeekdayRule } from '../model.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const ORDINALS = ['', 'first', 'second', 'third', 'fourth', 'fifth'];
const MAX_TIMES = 6;

/** A schedule in plain words, one statement per line. */
export function describeSchedule(schedule: Schedule): string[] {
  if (schedule.kind === 'every') {
    return [`Every ${formatGoDuration(schedule.ms)}, counted from the start of the scheduler.`];
  }
  if (schedule.kind === 'reboot') {
    return ['Once, when the scheduler starts.'];
  }
  return schedule.kind === 'union' ? schedule.parts.flatMap(describeCalendar) : describeCalendar(schedule);
}

function describeCalendar(schedule: CalendarSchedule): string[] {
  return [`${timeText(schedule)}, ${dayText(schedule)}.`, ...daysRule(schedule), clockText(schedule)];
}

/** Lists with an even distance that fill their range read better as a step. */
function stepOf(values: readonly number[], size: number): number | undefined {
  const [first = 0, second] = values;
  const step = second === undefined ? undefined : second - first;
  const isEven = step !== undefined && values.every((value, index) => value === first + index * step);
  return isEven && first < step && values.length === Math.ceil((size - first) / step) ? step : undefined;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function timeText({ seconds, minutes, hours }: CalendarSchedule): string {
  const plainSeconds = seconds.length === 1 && seconds[0] === 0;
  if (seconds.length === 1 && minutes.length * hours.length <= MAX_TIMES) {
    const end = plainSeconds ? '' : `:${two(seconds[0] ?? 0)}`;
    const times = hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}${end}`));
    return `At ${list(times)}`;
  }
  const second = plainSeconds ? '' : `${unit(seconds, 60, 'second')} of `;
  const minute = unit(minutes, 60, 'minute');
  const hour = hours.length === 24 ? '' : ` of ${unit(hours, 24, 'hour')}`;
  const text = `${second}${minute}${hour}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function unit(values: readonly number[], size: number, name: string): string {
  if (values.length === size) {
    return `every ${name}`;
  }
  const step = stepOf(values, size);
  if (step !== undefined && values.length > 2) {
    const from = values[0] === 0 ? '' : ` from ${values[0]}`;
    return `every ${step} ${name}s${from}`;
  }
  return `${name} ${ranges(values)}`;
}

/** 1,2,3,7 as "1 to 3 and 7" */
function ranges(values: readonly number[], name: (value: number) => string = String): string {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === value - 1) {
      last[1] = value;
    } else {
      runs.push([value, value]);
    }
  }
  return list(
    runs.flatMap(([from, to]) => {
      if (to - from > 1) {
        return [`${name(from)} to ${name(to)}`];
      }
      return from === to ? [name(from)] : [name(from), name(to)];
    }),
  );
}

function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

function dayText(schedule: CalendarSchedule): string {
  const { monthDays, weekdays, months, years, days } = schedule;
  const parts = [
    ...(monthDays.any ? [] : [monthDayText(monthDays)]),
    ...(weekdays.any ? [] : [weekdayText(weekdays)]),
  ];
  const word = days === 'and' ? ' if it is ' : ' or ';
  const day = parts.length === 0 ? 'every day' : `on ${parts.join(word)}`;
  const month = months.length === 12 ? '' : ` in ${ranges(months, (value) => MONTHS[value - 1] ?? '')}`;
  return `${day}${month}${years === undefined ? '' : ` of ${ranges(years)}`}`;
}

function monthDayText(rule: MonthDayRule): string {
  const parts = [
    ...(rule.days.length > 0 ? [daysText(rule.days)] : []),
    ...(rule.last ? ['the last day'] : []),
    ...(rule.lastWeekday ? ['the last Monday-to-Friday'] : []),
    ...rule.nearestWeekdays.map((day) => `the Monday-to-Friday nearest to day ${day}`),
  ];
  return `${list(parts)} of the month`;
}

function daysText(days: readonly number[]): string {
  const step = days.length > MAX_TIMES ? stepOf([0, ...days.slice(1).map((day) => day - 1)], 31) : undefined;
  return step === undefined || step === 1
    ? `day ${ranges(days)}`
    : `every ${ORDINALS[step] ?? `${step}th`} day`;
}

function weekdayText(rule: WeekdayRule): string {
  const name = (day: number) => WEEKDAYS[day] ?? '';
  const parts = [
    ...(rule.days.length > 0 ? [ranges(rule.days, name)] : []),
    ...rule.last.map((day) => `the last ${name(day)} of the month`),
    ...rule.nth.map(({ day, n }) => `the ${ORDINALS[n] ?? ''} ${name(day)} of the month`),
  ];
  return list(parts);
}

/** The oldest trap of crontabs, said where it applies. */
function daysRule({ monthDays, weekdays, days }: CalendarSchedule): string[] {
  if (monthDays.any || weekdays.any) {
    return [];
  }
  return days === 'or'
    ? ['Both day fields are restricted: a day needs to match only one of them.']
    : [
        'A day field begins with *: a day must match both of them (as in Vixie cron; supercronic takes either).',
      ];
}

function clockText({ wildcard }: CalendarSchedule): string {
  return wildcard
    ? 'When clocks change it follows elapsed time: nothing in a skipped hour, both passes of a repeated one.'
    : 'When clocks change: a skipped time runs right after the gap, a repeated one in its first pass only.';
}
