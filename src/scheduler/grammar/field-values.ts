import { nearest } from '../../core/options/lookup.ts';
import { type FieldKind, WEEKDAY } from './field-kinds.ts';
import { GrammarError } from './grammar-error.ts';

/** 7 is another number of Sunday. */
export function normal(value: number, kind: FieldKind): number {
  return kind === WEEKDAY && value === 7 ? 0 : value;
}

export function parseRange(
  base: string,
  stepped: boolean,
  offset: number,
  kind: FieldKind,
): [number, number] {
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

export function parseStep(text: string, offset: number, kind: FieldKind): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step < 1) {
    const message = `step "${shown(text)}" of the ${kind.label} must be a number from 1 to ${kind.maxStep}`;
    throw new GrammarError(message, offset, 'for example */2');
  }
  return step;
}

export function parseValue(text: string, offset: number, kind: FieldKind): number {
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

/** A piece of foreign text for a message. */
export function shown(text: string): string {
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
