import { usageError } from '../../core/errors.ts';
import type { CalendarSchedule, UnionSchedule } from '../model.ts';
import { parseExpression } from './expression.ts';

const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/**
 * Reads `RUNAT`: one time of day or several, `02:30`, `2:30`, `02:30,14:30`, `02:30:15`, in local time.
 * @throws PillionError `usage`
 */
export function parseRunAt(text: string): UnionSchedule {
  const parts = text.split(',').map((item) => parseTime(item.trim()));
  return { kind: 'union', parts };
}

function parseTime(text: string): CalendarSchedule {
  const match = TIME.exec(text);
  const hour = Number(match?.[1] ?? 99);
  const minute = Number(match?.[2] ?? 99);
  const second = Number(match?.[3] ?? 0);
  if (match === null || hour > 23 || minute > 59 || second > 59) {
    throw usageError(`RUNAT: "${text.slice(0, 40)}" is not a time of day`, hintFor(text));
  }
  const rules = { sixth: 'year', dayRule: 'vixie', hashKey: '' } as const;
  const schedule = parseExpression(`${second} ${minute} ${hour} * * * *`, rules);
  if (schedule.kind !== 'calendar') {
    throw new TypeError('a time of day is a calendar schedule');
  }
  return schedule;
}

function hintFor(text: string): string {
  if (text.startsWith('24:00')) {
    return 'midnight is 00:00';
  }
  const short = /^(\d{1,2}):(\d)$/.exec(text);
  return short
    ? `write ${short[1]}:0${short[2]}`
    : 'HH:MM from 00:00 to 23:59, HH:MM:SS, or a list 02:30,14:30';
}
