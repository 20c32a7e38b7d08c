/** Values as YAML in block style, a small part of what the library can, at a tenth of its cost. */
import { isMap, type Json } from '../../kubernetes/json.ts';
import { jsonOf } from './yaml-reading.ts';

/** Texts that mean themselves in YAML 1.1 and 1.2: words, paths, flags, and quantities. */
const PLAIN = /^(?:[A-Za-z/]|--[A-Za-z])[A-Za-z0-9_./@%+,=~-]*(?::[A-Za-z0-9_./@%+,=~-]+)*$/;
const QUANTITY = /^[0-9]{1,12}(?:m|k|M|G|T|Ki|Mi|Gi|Ti)$/;
/** Words that YAML 1.1 takes for something else; some readers see a number in an exponent without digits before it. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|e[-+]?[0-9]+)$/i;

/** What a line of YAML may hold as it is: printable, and no line break of any of its versions. */
const ONE_LINE = /^[\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\uf900-\ufdef]*$/;
const ESCAPED = /[^\x20-\x7e]/g;

function scalar(value: Json): string {
  if (typeof value !== 'string') {
    return jsonOf(value);
  }
  if ((PLAIN.test(value) && !RESERVED.test(value)) || QUANTITY.test(value)) {
    return value;
  }
  if (ONE_LINE.test(value) && /["\\]/.test(value)) {
    return `'${value.replaceAll("'", "''")}'`;
  }
  const json = JSON.stringify(value);
  return ONE_LINE.test(value) ? json : json.replace(ESCAPED, unicodeEscape);
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isEmpty(value: Json): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

/**
 * The lines of a value without a margin. `listIndent` is how far a list stands below its key: 0 or 2. Texts with line
 * breaks are written with escapes, so that every line of the result may be indented.
 */
export function blockLines(value: Json, listIndent: number): string[] {
  if (isEmpty(value)) {
    return [scalar(value)];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item: Json) => {
      const [first = '', ...rest] = blockLines(item, listIndent);
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
    });
  }
  return isMap(value) ? Object.entries(value).flatMap(([key, item]) => pairLines(key, item, listIndent)) : [];
}

function pairLines(key: string, value: Json, listIndent: number): string[] {
  const head = scalar(key);
  if (isEmpty(value)) {
    return [`${head}: ${scalar(value)}`];
  }
  const margin = ' '.repeat(Array.isArray(value) ? listIndent : 2);
  return [`${head}:`, ...blockLines(value, listIndent).map((line) => margin + line)];
}
