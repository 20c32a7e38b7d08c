import { FIRST_YEAR, LAST_YEAR } from '../model.ts';
import type { ChangeDate, PosixRule, SummerTime } from './posix-rule.ts';
import { fixedZone, type Transition, type Zone } from './zone.ts';

const DAY_MS = 86_400_000;

/**
 * The zone of a rule. As in the C library, what holds at an instant is decided by the two changes of its year in UTC.
 */
export function posixZone(name: string, { standard, summer }: PosixRule): Zone {
  if (summer === undefined) {
    return fixedZone(name, standard);
  }
  const offsetAt = (instant: number): number => {
    const { start, end } = changesOf(new Date(instant).getUTCFullYear(), standard, summer);
    const isSummer = start > end ? instant < end || instant >= start : instant >= start && instant < end;
    return isSummer ? summer.offset : standard;
  };
  const transitionsOf = (year: number): Transition[] => {
    const { start, end } = changesOf(year, standard, summer);
    const [begin, next] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
    // The offset may also change with the year, where a rule puts a change into another year than its own.
    return [...new Set([begin, start, end])]
      .filter((at) => at >= begin && at < next)
      .toSorted((a, b) => a - b)
      .map((at) => ({ at, before: offsetAt(at - 1), after: offsetAt(at) }))
      .filter(({ before, after }) => before !== after);
  };
  return {
    name,
    offsetAt,
    transitionAfter(instant, until) {
      const firstYear = Math.max(new Date(instant).getUTCFullYear(), FIRST_YEAR - 1);
      const lastYear = Math.min(new Date(until).getUTCFullYear(), LAST_YEAR + 1);
      for (let year = firstYear; year <= lastYear; year += 1) {
        const found = transitionsOf(year).find(({ at }) => at > instant);
        if (found !== undefined) {
          return found.at <= until ? found : undefined;
        }
      }
      return undefined;
    },
  };
}

function changesOf(year: number, standard: number, summer: SummerTime): { start: number; end: number } {
  return {
    start: wallOf(summer.start, year) - standard,
    end: wallOf(summer.end, year) - summer.offset,
  };
}

/** The moment of a year as a wall time. */
function wallOf(date: ChangeDate, year: number): number {
  if (date.kind === 'month') {
    return monthDay(year, date.month, date.week, date.weekday) + date.time;
  }
  const newYear = Date.UTC(year, 0, 1);
  if (date.kind === 'zero-based') {
    return newYear + date.day * DAY_MS + date.time;
  }
  const isLeap = new Date(Date.UTC(year, 1, 29)).getUTCDate() === 29;
  return newYear + (date.day - 1 + (isLeap && date.day >= 60 ? 1 : 0)) * DAY_MS + date.time;
}

function monthDay(year: number, month: number, week: number, weekday: number): number {
  const first = new Date(Date.UTC(year, month - 1, 1));
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let day = (weekday - first.getUTCDay() + 7) % 7;
  for (let n = 1; n < week && day + 7 < length; n += 1) {
    day += 7;
  }
  return first.getTime() + day * DAY_MS;
}
