/**
 * The value grammar of Go's strconv and time packages, which git-sync and supercronic users write.
 * Messages are Go's own, because users and scripts know them.
 */
import { trimEndOf } from '../trim-end.ts';
import { goQuote } from './go-quote.ts';
import { ValueError } from './option.ts';

const TRUE_WORDS = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE_WORDS = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Go's strconv.ParseBool. */
export function parseGoBool(text: string): boolean {
  if (TRUE_WORDS.has(text)) {
    return true;
  }
  if (FALSE_WORDS.has(text)) {
    return false;
  }
  throw new ValueError(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
}

const INT64_MAX = 2n ** 63n - 1n;

/** Go's strconv.ParseInt with base 0: decimal, 0x, 0o, 0b, a leading 0 for octal, `_` between digits. */
export function parseGoInt(text: string): number {
  const bad = (why: string) => new ValueError(`strconv.ParseInt: parsing ${goQuote(text)}: ${why}`);
  const match = /^([+-]?)(0[xX][_0-9a-fA-F]+|0[bB][_01]+|0[oO][_0-7]+|0[_0-7]*|[1-9][_0-9]*)$/.exec(text);
  const digits = match?.[2];
  if (digits === undefined || /__|_$/.test(digits)) {
    throw bad('invalid syntax');
  }
  const plain = digits.replaceAll('_', '');
  const isOldOctal = /^0[0-7]/.test(plain);
  const magnitude = BigInt(isOldOctal ? `0o${plain.slice(1)}` : plain);
  const value = match?.[1] === '-' ? -magnitude : magnitude;
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw bad('value out of range');
  }
  return Number(value);
}

/** Go's strconv.ParseFloat, without hexadecimal floats. */
export function parseGoFloat(text: string): number {
  const bad = (why: string) => new ValueError(`strconv.ParseFloat: parsing ${goQuote(text)}: ${why}`);
  if (/^nan$/i.test(text)) {
    return Number.NaN;
  }
  const word = /^([+-]?)inf(inity)?$/i.exec(text);
  if (word) {
    return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  // Underscores may stand between digits, as in Go's own literals.
  const plain = text.replaceAll(/(?<=\d)_(?=\d)/g, '');
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(plain)) {
    throw bad('invalid syntax');
  }
  const value = Number(plain);
  if (!Number.isFinite(value)) {
    throw bad('value out of range');
  }
  return value;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The largest time.Duration, about 292 years, in milliseconds. */
const LONGEST_DURATION_MS = Number(INT64_MAX) / 1e6;

/** Go's time.ParseDuration; the result is in milliseconds and may be fractional. */
export function parseGoDuration(text: string): number {
  const quoted = goQuote(text);
  const signed = /^[+-]?/.exec(text)?.[0] ?? '';
  let rest = text.slice(signed.length);
  if (rest === '0') {
    return 0;
  }
  if (rest === '') {
    throw new ValueError(`time: invalid duration ${quoted}`);
  }
  let total = 0;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) {
      throw new ValueError(`time: invalid duration ${quoted}`);
    }
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) {
      throw new ValueError(`time: missing unit in duration ${quoted}`);
    }
    const factor = Object.hasOwn(UNIT_MS, unit) ? UNIT_MS[unit] : undefined;
    if (factor === undefined) {
      throw new ValueError(`time: unknown unit ${goQuote(unit)} in duration ${quoted}`);
    }
    rest = rest.slice(unit.length);
    total += Number(number) * factor;
  }
  if (total > LONGEST_DURATION_MS) {
    throw new ValueError(`time: invalid duration ${quoted}`);
  }
  // 1e-6 ms is Go's nanosecond: sums of fractions must not carry floating-point dust below it.
  const rounded = Math.round(total * 1e6) / 1e6;
  return signed === '-' && rounded !== 0 ? -rounded : rounded;
}

function trimmed(value: number): string {
  return trimEndOf(value.toFixed(9), '0').replace(/\.$/, '');
}

/** Go's Duration.String: 10s, 1m30s, 2h0m0s, 1.5s, 100ms, 0s. The argument is in milliseconds. */
export function formatGoDuration(milliseconds: number): string {
  if (milliseconds === 0) {
    return '0s';
  }
  const sign = milliseconds < 0 ? '-' : '';
  const ms = Math.abs(milliseconds);
  if (ms < 1e-3) {
    return `${sign}${Math.round(ms * 1e6)}ns`;
  }
  if (ms < 1) {
    return `${sign}${trimmed(ms * 1e3)}µs`;
  }
  if (ms < 1000) {
    return `${sign}${trimmed(ms)}ms`;
  }
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = trimmed((ms % 60_000) / 1000);
  if (hours > 0) {
    return `${sign}${hours}h${minutes}m${seconds}s`;
  }
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}
