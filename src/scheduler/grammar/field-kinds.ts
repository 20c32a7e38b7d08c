/** The fields of a crontab line: their ranges and the names their values have. */
export interface FieldKind {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly maxStep: number;
  /** Upper end of what `H` spreads over: the 29th to 31st are not in every month. */
  readonly maxHash: number;
  readonly names: ReadonlyMap<string, number>;
}

const MONTHS = 'january february march april may june july august september october november december';
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday';

function namesOf(words: string, first: number): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const [index, word] of words.split(' ').entries()) {
    names.set(word, index + first);
    names.set(word.slice(0, 3), index + first);
  }
  return names;
}

function kind(label: string, min: number, max: number, rest: Partial<FieldKind> = {}): FieldKind {
  return { label, min, max, maxStep: max, maxHash: max, names: new Map(), ...rest };
}

export const SECOND = kind('second', 0, 59);
export const MINUTE = kind('minute', 0, 59);
export const HOUR = kind('hour', 0, 23);
export const MONTH_DAY = kind('day of month', 1, 31, { maxHash: 28 });
export const MONTH = kind('month', 1, 12, { names: namesOf(MONTHS, 1) });
/** 7 is Sunday too, so that `6-7` is a weekend. */
export const WEEKDAY = kind('day of week', 0, 7, { maxHash: 6, names: namesOf(WEEKDAYS, 0) });
export const YEAR = kind('year', 1970, 2099);
