/**
 * YAML as kubectl reads it: YAML 1.1 by go-yaml, with its own idea of what is a number. Dates, times of day and numbers to
 * base 60 are texts there, and `0o10` is eight. Source: resolve.go of go.yaml.in/yaml/v2, which sigs.k8s.io/yaml reads with.
 */
import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions, Tags } from 'yaml';

const PREFIX = 'tag:yaml.org,2002:';
/** What the library reads in the same way: texts, lists, objects, null, yes and no, merged keys, and .inf. */
const SAME = new Set(['map', 'seq', 'str', 'null', 'bool', 'merge'].map((name) => PREFIX + name));
const INFINITE = /inf/i;

const INTEGER = /^([-+]?)(?:0[bB]([01]+)|0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const LARGEST = 2n ** 64n - 1n;
const LEAST = -(2n ** 63n);

/** The number that an unquoted text is; a bigint for one that a JavaScript number cannot hold; undefined for a text. */
export function numberOf(text: string): number | bigint | undefined {
  const plain = text.replaceAll('_', '');
  const whole = integerOf(plain);
  if (whole !== undefined) {
    const number = Number(whole);
    return Number.isSafeInteger(number) ? number : whole;
  }
  const number = FLOAT.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function integerOf(plain: string): bigint | undefined {
  const [, sign, binary, hex, octal, decimal] = INTEGER.exec(plain) ?? [];
  const digits = decimal ?? (binary && `0b${binary}`) ?? (hex && `0x${hex}`) ?? (octal && `0o${octal}`);
  // Digits without an end are a float there, and would take long here.
  if (digits === undefined || digits.length > 80) {
    return undefined;
  }
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return value <= LARGEST && value >= LEAST && (sign === '' || value < 2n ** 63n) ? value : undefined;
}

const number = (name: string, isDefault: boolean): ScalarTag => ({
  tag: PREFIX + name,
  default: isDefault,
  test: /^[-+.0-9]/,
  resolve: (text) => numberOf(text) ?? text,
});
const binary: ScalarTag = {
  tag: `${PREFIX}binary`,
  resolve: (text) => Buffer.from(text, 'base64').toString('utf8'),
};
const text = (name: string): ScalarTag => ({ tag: PREFIX + name, resolve: (value) => value });

/** For the functions of the library that read. */
export const AS_KUBECTL_READS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  prettyErrors: false,
  resolveKnownTags: false,
  customTags: (tags: Tags): Tags => [
    ...tags.filter((tag) => typeof tag === 'object' && (SAME.has(tag.tag) || isInfinite(tag))),
    number('int', true),
    number('float', false),
    binary,
    text('timestamp'),
  ],
};

function isInfinite(tag: object): boolean {
  return 'test' in tag && tag.test instanceof RegExp && INFINITE.test(tag.test.source);
}

/** Of the language, but not yet of its types. */
const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

/** A value as JSON, with all digits of its numbers. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, each: unknown) => (typeof each === 'bigint' ? rawJSON(String(each)) : each),
    indent,
  );
}

/** The same with numbers that may have lost digits, for those who read. */
export function roundedNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(roundedNumbers);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, roundedNumbers(each)]));
}
