import type { Draft } from './field-draft.ts';
import { MONTH_DAY, WEEKDAY } from './field-kinds.ts';
import { normal, parseValue, shown } from './field-values.ts';
import { GrammarError } from './grammar-error.ts';

/** `L`, `LW`, `15W`, `5L`, `fri#3`; false when the item is none of them. */
export function parseSpecial(item: string, offset: number, draft: Draft): boolean {
  if (draft.kind === MONTH_DAY) {
    return parseMonthDaySpecial(item, offset, draft);
  }
  return draft.kind === WEEKDAY && parseWeekdaySpecial(item, offset, draft);
}

function parseMonthDaySpecial(item: string, offset: number, draft: Draft): boolean {
  const upper = item.toUpperCase();
  if (upper === 'L') {
    draft.last = true;
    return true;
  }
  if (upper === 'LW') {
    draft.lastWeekday = true;
    return true;
  }
  const nearestTo = /^(\d+)W$/i.exec(item)?.[1];
  if (nearestTo !== undefined) {
    draft.nearestWeekdays.push(parseValue(nearestTo, offset, draft.kind));
    return true;
  }
  if (/^L-/i.test(item)) {
    throw new GrammarError(`"${shown(item)}" is not a day of month`, offset, 'only L, LW and nW are known');
  }
  return false;
}

function parseWeekdaySpecial(item: string, offset: number, draft: Draft): boolean {
  const nth = /^([^#]*)#(.*)$/.exec(item);
  if (nth) {
    const [, day = '', n = ''] = nth;
    if (!/^[1-5]$/.test(n)) {
      const hint = 'fri#3 is the third Friday of the month';
      throw new GrammarError(`"${shown(item)}": after # comes 1 to 5`, offset + day.length + 1, hint);
    }
    draft.nthWeekdays.push({ day: normal(parseValue(day, offset, draft.kind), draft.kind), n: Number(n) });
    return true;
  }
  if (item.toUpperCase() === 'L') {
    throw new GrammarError('L needs a day of week', offset, 'write 5L for the last Friday of the month');
  }
  const last = /^(\d|[a-z]+)L$/i.exec(item)?.[1];
  if (last !== undefined && !draft.kind.names.has(item.toLowerCase())) {
    draft.lastOfWeekday.push(normal(parseValue(last, offset, draft.kind), draft.kind));
    return true;
  }
  return false;
}
