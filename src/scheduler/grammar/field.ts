import { nearest } from '../../core/options/lookup.ts';
import type { FieldKind } from './field-kinds.ts';
import { MONTH_DAY, WEEKDAY } from './field-kinds.ts';
import { GrammarError, type Remark } from './grammar-error.ts';
import { hash } from './hash.ts';

/** One field of a crontab line, read. */
export interface Field {
  /** Exactly `*` or `?`. */
  readonly any: boolean;
  /** Begins with `*`, or is `?` or `H/n`: not tied to one value. */
  readonly star: boolean;
  /** Ascending, without doubles. Empty when the field has only the special forms below. */
  readonly values: readonly number[];
  readonly last: boolean;
  readonly lastWeekday: boolean;
  readonly nearestWeekdays: readonly number[];
  readonly lastOfWeekday: readonly number[];
  readonly nthWeekdays: readonly { readonly day: number; readonly n: number }[];
}

export interface FieldContext {
  /** What `H` and `~` are spread by. */
  readonly hashKey: string;
  /** Takes what is remarkable about a valid field. */
  readonly onRemark?: ((remark: Remark) => void) | undefined;
}

interface Draft {
  readonly kind: FieldKind;
  readonly hashKey: string;
  readonly onRemark: FieldContext['onRemark'];
  readonly values: Set<number>;
  readonly nearestWeekdays: number[];
  readonly lastOfWeekday: number[];
  readonly nthWeekdays: { day: number; n: number }[];
  last: boolean;
  lastWeekday: boolean;
}

/**
 * Reads one field: `*`, `?`, numbers, names, lists, ranges, steps, `L`, `LW`, `15W`, `5L`, `5#3`, and, spread by the
 * hash of `hashKey`, `H`, `H/n`, `H(a-b)` and cronie's `a~b`.
 * @throws GrammarError with the offset in `text`
 */
export function parseField(text: string, kind: FieldKind, context: FieldContext): Field {
  if (text !== '*') {
    return readField(text, kind, context);
  }
  // Most fields of most jobs: one object for all of them.
  const known = STARS.get(kind) ?? readField(text, kind, { hashKey: '' });
  STARS.set(kind, known);
  return known;
}

const STARS = new Map<FieldKind, Field>();

/** All years one by one are shorter. */
const MAX_LENGTH = 1000;

function readField(text: string, kind: FieldKind, { hashKey, onRemark }: FieldContext): Field {
  if (text.length > MAX_LENGTH) {
    const message = `"${shown(text)}" is too long for a ${kind.label}`;
    throw new GrammarError(message, 0, `at most ${MAX_LENGTH} characters`);
  }
  const draft: Draft = {
    kind,
    hashKey: `${hashKey}\n${kind.label}`,
    onRemark,
    values: new Set(),
    nearestWeekdays: [],
    lastOfWeekday: [],
    nthWeekdays: [],
    last: false,
    lastWeekday: false,
  };
  let offset = 0;
  for (const item of text.split(',')) {
    if (item === '') {
      throw new GrammarError(
        `empty item in the ${kind.label} list "${shown(text)}"`,
        offset,
        'remove a comma',
      );
    }
    parseItem(item, offset, draft);
    offset += item.length + 1;
  }
  const { values, last, lastWeekday, nearestWeekdays, lastOfWeekday, nthWeekdays } = draft;
  return {
    last,
    lastWeekday,
    nearestWeekdays,
    lastOfWeekday,
    nthWeekdays,
    any: text === '*' || text === '?',
    star: text.startsWith('*') || text === '?' || text.startsWith('H/'),
    values: [...values].sort((a, b) => a - b),
  };
}

function parseItem(item: string, offset: number, draft: Draft): void {
  if (parseSpecial(item, offset, draft)) {
    return;
  }
  const slash = item.indexOf('/');
  const base = slash < 0 ? item : item.slice(0, slash);
  const step = slash < 0 ? undefined : parseStep(item.slice(slash + 1), offset + slash + 1, draft.kind);
  const hashed = /^H(?:\((.*)\))?$/.exec(base);
  if (hashed) {
    remarkWideStep(step, 'write H', offset + slash + 1, draft);
    addHashed(hashed[1], step, offset, draft);
    return;
  }
  const tilde = base.indexOf('~');
  if (tilde >= 0 && step === undefined) {
    addRandom(base, tilde, offset, draft);
    return;
  }
  const [from, to] = parseRange(base, step !== undefined, offset, draft.kind);
  remarkWideStep(step, `write ${from}`, offset + slash + 1, draft);
  for (let value = from; value <= to; value += step ?? 1) {
    draft.values.add(normal(value, draft.kind));
  }
}

function normal(value: number, kind: FieldKind): number {
  return kind === WEEKDAY && value === 7 ? 0 : value;
}

function parseRange(base: string, stepped: boolean, offset: number, kind: FieldKind): [number, number] {
  if (base === '*' || base === '?') {
    return [kind.min, kind === WEEKDAY ? 6 : kind.max];
  }
  const dash = base.indexOf('-', 1);
  if (dash < 0) {
    const value = parseValue(base, offset, kind);
    return [value, stepped ? kind.max : value];
  }
  const from = parseValue(base.slice(0, dash), offset, kind);
  const end = base.slice(dash + 1);
  const parsedEnd = parseValue(end, offset + dash + 1, kind);
  // cronie: sat-sun is a weekend, whatever the number of Sunday.
  const to = kind === WEEKDAY && parsedEnd === 0 && from > 0 && !/\d/.test(end) ? 7 : parsedEnd;
  if (from > to) {
    throw new GrammarError(
      `${kind.label} range "${base}" ends before it begins`,
      offset,
      unwrapped(from, to, kind),
    );
  }
  return [from, to];
}

/** A range over the end of the field, as the two ranges it means. */
function unwrapped(from: number, to: number, kind: FieldKind): string {
  if (kind === WEEKDAY && to === 0) {
    return `write ${from}-7`;
  }
  const top = kind === WEEKDAY ? 6 : kind.max;
  const one = (a: number, b: number) => (a === b ? String(a) : `${a}-${b}`);
  return `write ${one(from, top)},${one(kind.min, to)}`;
}

function parseStep(text: string, offset: number, kind: FieldKind): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step < 1) {
    const message = `step "${shown(text)}" of the ${kind.label} must be a number from 1 to ${kind.maxStep}`;
    throw new GrammarError(message, offset, 'for example */2');
  }
  return step;
}

/** Every cron but supercronic takes a step that is wider than the field; what it means is rarely what was meant. */
function remarkWideStep(step: number | undefined, hint: string, offset: number, draft: Draft): void {
  const { kind, onRemark } = draft;
  if (step !== undefined && step > kind.maxStep) {
    const message = `step ${step} of the ${kind.label} is wider than the field: only its first value counts`;
    onRemark?.({ offset, message, hint });
  }
}

function parseValue(text: string, offset: number, kind: FieldKind): number {
  if (/^\d{1,4}$/.test(text)) {
    const value = Number(text);
    if (value < kind.min || value > kind.max) {
      throw new GrammarError(
        `${kind.label} ${text} is not in ${kind.min}-${kind.max}`,
        offset,
        rangeHint(value, kind),
      );
    }
    return value;
  }
  const named = kind.names.get(text.toLowerCase());
  if (named === undefined) {
    throw new GrammarError(`"${shown(text)}" is not a ${kind.label}`, offset, valueHint(text, kind));
  }
  return named;
}

function rangeHint(value: number, kind: FieldKind): string {
  if (kind === WEEKDAY) {
    return '0 and 7 are Sunday';
  }
  return value === kind.max + 1 && kind.min === 0
    ? `the first ${kind.label} is 0`
    : `the first is ${kind.min}, the last ${kind.max}`;
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function valueHint(text: string, kind: FieldKind): string {
  const near = text.length > 12 ? undefined : nearest(text.toLowerCase(), [...kind.names.keys()]);
  if (near !== undefined) {
    return `did you mean ${near}?`;
  }
  const names = kind.names.size > 0 ? ' or a name' : '';
  return `a number from ${kind.min} to ${kind.max}${names}, a range a-b, a list a,b, a step */n`;
}

/** `L`, `LW`, `15W`, `5L`, `fri#3`; false when the item is none of them. */
function parseSpecial(item: string, offset: number, draft: Draft): boolean {
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

/** Jenkins: `H` one value, `H/15` every 15 from a value below 15, `H(0-29)` one of the range. */
function addHashed(range: string | undefined, step: number | undefined, offset: number, draft: Draft): void {
  const { kind, hashKey } = draft;
  const [from, to] =
    range === undefined ? [kind.min, kind.maxHash] : parseRange(range, false, offset + 2, kind);
  const chosen = hash(hashKey);
  if (step === undefined) {
    draft.values.add(normal(from + (chosen % (to - from + 1)), kind));
    return;
  }
  const first = from + (chosen % Math.min(step, to - from + 1));
  for (let value = first; value <= to; value += step) {
    draft.values.add(normal(value, kind));
  }
}

/** cronie's `a~b`: one value of the range; chosen by hash here, so that a restart does not change it. */
function addRandom(base: string, tilde: number, offset: number, draft: Draft): void {
  const { kind } = draft;
  const left = base.slice(0, tilde);
  const right = base.slice(tilde + 1);
  const from = left === '' ? kind.min : parseValue(left, offset, kind);
  const to = right === '' ? kind.maxHash : parseValue(right, offset + tilde + 1, kind);
  if (from > to) {
    throw new GrammarError(
      `${kind.label} range "${base}" ends before it begins`,
      offset,
      `write ${to}~${from}`,
    );
  }
  draft.values.add(normal(from + (hash(draft.hashKey) % (to - from + 1)), kind));
}
