import { FIRST_YEAR, LAST_YEAR } from '../model.ts';
import type { Transition, Zone } from './zone.ts';
import { spellingOf } from './zone-names.ts';

/**
 * Zones from the data that Node brings along, for systems without zone files. The first answer costs 10 MiB and 30 ms.
 */
const DAY_MS = 86_400_000;
/**
 * Two changes that undo each other are at least 6.9 days apart in the tz database since 1970 (Brazil 2000, and Gaza's
 * Ramadan rules): samples this close see every change.
 */
const SAMPLE_MS = 3 * DAY_MS;

function formatFor(name: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
}

/** A time zone by its tz database name, whose case counts; undefined when ICU has none of that name. */
export function icuZone(name: string): Zone | undefined {
  const format = formatFor(name);
  const isSpelled = format && spellingOf(name, format.resolvedOptions().timeZone) === name;
  return isSpelled ? zoneOf(name, format) : undefined;
}

/** How a name that is written in any case is spelled; undefined when ICU has none like it. */
export function icuSpelling(name: string): string | undefined {
  const format = formatFor(name);
  return format && spellingOf(name, format.resolvedOptions().timeZone);
}

function zoneOf(name: string, format: Intl.DateTimeFormat): Zone {
  const years = new Map<number, readonly Transition[]>();
  const firstOffsets = new Map<number, number>();

  function transitionsOf(year: number): readonly Transition[] {
    const known = years.get(year);
    if (known !== undefined) {
      return known;
    }
    const found = findTransitions(format, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
    years.set(year, found);
    return found;
  }

  function firstOffset(year: number): number {
    const known = firstOffsets.get(year);
    if (known !== undefined) {
      return known;
    }
    const offset = readOffset(format, Date.UTC(year, 0, 1));
    firstOffsets.set(year, offset);
    return offset;
  }

  return {
    name,
    offsetAt(instant) {
      const year = new Date(instant).getUTCFullYear();
      let offset = firstOffset(year);
      for (const transition of transitionsOf(year)) {
        if (transition.at > instant) {
          break;
        }
        offset = transition.after;
      }
      return offset;
    },
    transitionAfter(instant, until) {
      const lastYear = Math.min(new Date(until).getUTCFullYear(), LAST_YEAR + 1);
      const firstYear = Math.max(new Date(instant).getUTCFullYear(), FIRST_YEAR - 1);
      for (let year = firstYear; year <= lastYear; year += 1) {
        for (const transition of transitionsOf(year)) {
          if (transition.at > instant) {
            return transition.at <= until ? transition : undefined;
          }
        }
      }
      return undefined;
    },
  };
}

/** The zone's offset according to ICU, from the wall time that it formats. */
function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = (
    format.format(instant).match(/\d+/g) ?? []
  ).map(Number);
  const floored = Math.floor(instant / 1000) * 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - floored;
}

/** Changes after `from` and up to `to`, which starts the next year: it belongs to this one. */
function findTransitions(format: Intl.DateTimeFormat, from: number, to: number): Transition[] {
  const found: Transition[] = [];
  let before = readOffset(format, from);
  for (let left = from; left < to; left += SAMPLE_MS) {
    const right = Math.min(left + SAMPLE_MS, to);
    const end = readOffset(format, right);
    // More than one change between two samples: each round finds the first that is left.
    for (let low = left; before !== end; ) {
      const at = firstChange(format, low, right, before);
      const after = readOffset(format, at);
      found.push({ at, before, after });
      before = after;
      low = at;
    }
  }
  return found;
}

/** The first second in (low, high] whose offset is not `before`; at `high` it is known to differ. */
function firstChange(format: Intl.DateTimeFormat, low: number, high: number, before: number): number {
  let same = low / 1000;
  let changed = high / 1000;
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2);
    if (readOffset(format, middle * 1000) === before) {
      same = middle;
    } else {
      changed = middle;
    }
  }
  return changed * 1000;
}
