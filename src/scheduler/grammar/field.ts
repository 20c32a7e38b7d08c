import type { Draft, FieldContext } from './field-draft.ts';
import type { FieldKind } from './field-kinds.ts';
import { parseSpecial } from './field-specials.ts';
import { normal, parseRange, parseStep, parseValue, shown } from './field-values.ts';
import { GrammarError } from './grammar-error.ts';
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

/** Every cron but supercronic takes a step that is wider than the field; what it means is rarely what was meant. */
function remarkWideStep(step: number | undefined, hint: string, offset: number, draft: Draft): void {
  const { kind, onRemark } = draft;
  if (step !== undefined && step > kind.maxStep) {
    const message = `step ${step} of the ${kind.label} is wider than the field: only its first value counts`;
    onRemark?.({ offset, message, hint });
  }
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
