import type { CalendarSchedule, MonthDayRule, WeekdayRule } from '../model.ts';
import { LAST_YEAR } from '../model.ts';

/**
 * Which local ("wall") times a calendar schedule names, without any time zone. A wall time is the number of
 * milliseconds that the same reading of the clock would have in UTC.
 *
 * croner does this too, but holds 118 KiB per expression (a year table up to 10000), which a thousand jobs cannot
 * afford; it is the oracle that this file is tested against.
 */
const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

/** The first named wall time at or after `from`, or undefined when there is none up to the last year. */
export function nextWall(schedule: CalendarSchedule, from: number): number | undefined {
  const start = Math.ceil(from / SECOND_MS) * SECOND_MS;
  let day = Math.floor(start / DAY_MS) * DAY_MS;
  const time = timeFrom(schedule, (start - day) / SECOND_MS);
  if (time !== undefined && matchesDay(schedule, day)) {
    return day + time * SECOND_MS;
  }
  const next = nextDay(schedule, day + DAY_MS);
  const first = timeFrom(schedule, 0);
  if (next === undefined || first === undefined) {
    return undefined;
  }
  day = next;
  return day + first * SECOND_MS;
}

/** Whether the schedule names this wall time, exact to the second. */
export function matchesWall(schedule: CalendarSchedule, wall: number): boolean {
  return nextWall(schedule, wall) === wall;
}

/** The first second of the day at or after `from` that hours, minutes and seconds name. */
function timeFrom(schedule: CalendarSchedule, from: number): number | undefined {
  const fromHour = Math.floor(from / 3600);
  const fromMinute = Math.floor(from / 60) % 60;
  for (const hour of schedule.hours) {
    if (hour < fromHour) {
      continue;
    }
    const sameHour = hour === fromHour;
    for (const minute of schedule.minutes) {
      if (sameHour && minute < fromMinute) {
        continue;
      }
      const least = sameHour && minute === fromMinute ? from % 60 : 0;
      const second = schedule.seconds.find((value) => value >= least);
      if (second !== undefined) {
        return hour * 3600 + minute * 60 + second;
      }
    }
  }
  return undefined;
}

function nextDay(schedule: CalendarSchedule, from: number): number | undefined {
  let date = new Date(from);
  while (date.getUTCFullYear() <= LAST_YEAR) {
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    if (schedule.years !== undefined && !schedule.years.includes(year)) {
      date = new Date(Date.UTC(year + 1, 0, 1));
    } else if (!schedule.months.includes(month + 1)) {
      date = new Date(Date.UTC(year, month + 1, 1));
    } else if (matchesDayOfMonth(schedule, date)) {
      return date.getTime();
    } else {
      date = new Date(date.getTime() + DAY_MS);
    }
  }
  return undefined;
}

function matchesDay(schedule: CalendarSchedule, day: number): boolean {
  const date = new Date(day);
  const year = date.getUTCFullYear();
  return (
    year <= LAST_YEAR &&
    (schedule.years?.includes(year) ?? true) &&
    schedule.months.includes(date.getUTCMonth() + 1) &&
    matchesDayOfMonth(schedule, date)
  );
}

function matchesDayOfMonth(schedule: CalendarSchedule, date: Date): boolean {
  const { monthDays, weekdays } = schedule;
  if (schedule.days === 'and') {
    return matchesMonthDay(monthDays, date) && matchesWeekday(weekdays, date);
  }
  return matchesMonthDay(monthDays, date) || matchesWeekday(weekdays, date);
}

function daysInMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

function matchesMonthDay(rule: MonthDayRule, date: Date): boolean {
  const day = date.getUTCDate();
  if (rule.any || rule.days.includes(day)) {
    return true;
  }
  if (!rule.last && !rule.lastWeekday && rule.nearestWeekdays.length === 0) {
    return false;
  }
  const length = daysInMonth(date);
  if (rule.last && day === length) {
    return true;
  }
  const weekday = date.getUTCDay();
  if (rule.lastWeekday && day === nearestWeekday(length, day, weekday, length)) {
    return true;
  }
  return rule.nearestWeekdays.some((wanted) => {
    return wanted <= length && day === nearestWeekday(wanted, day, weekday, length);
  });
}

/** The Monday-to-Friday nearest to the day `wanted`, never in another month. */
function nearestWeekday(wanted: number, day: number, weekday: number, length: number): number {
  const wantedWeekday = (((weekday + wanted - day) % 7) + 7) % 7;
  if (wantedWeekday === 6) {
    return wanted > 1 ? wanted - 1 : wanted + 2;
  }
  if (wantedWeekday === 0) {
    return wanted < length ? wanted + 1 : wanted - 2;
  }
  return wanted;
}

function matchesWeekday(rule: WeekdayRule, date: Date): boolean {
  const weekday = date.getUTCDay();
  if (rule.any || rule.days.includes(weekday)) {
    return true;
  }
  const day = date.getUTCDate();
  if (rule.nth.some(({ day: wanted, n }) => wanted === weekday && Math.ceil(day / 7) === n)) {
    return true;
  }
  return rule.last.includes(weekday) && day + 7 > daysInMonth(date);
}
