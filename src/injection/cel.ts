/**
 * CEL expressions as data. Structure comes from the templates in our own source and from nowhere else: whatever is put
 * into one becomes a literal that means exactly the value it was made of. There is no way from a text to an expression.
 */

import { isMap, type Json } from '../kubernetes/json.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A string literal; everything beyond printable ASCII is escaped, so that no text can end it. */
function literal(text: string): string {
  const escaped = Array.from(text, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    if (ESCAPES[letter] !== undefined) {
      return ESCAPES[letter];
    }
    if (code >= 0x20 && code < 0x7f) {
      return letter;
    }
    // Half a letter is no text, and CEL has no literal for it.
    const known = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
    return known > 0xffff
      ? `\\U${known.toString(16).padStart(8, '0')}`
      : `\\u${known.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

/** Makes an expression of its text; nobody outside of this file can. */
let fromText: (text: string) => Cel;

/** An expression; made by `cel` and the functions below. */
export class Cel {
  /** The expression as the API server reads it. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static {
    fromText = (text) => new Cel(text);
  }
}

export type CelValue = Cel | string | number | boolean | readonly CelValue[];

function written(value: CelValue): string {
  if (value instanceof Cel) {
    return isClosed(value.text) ? value.text : `(${value.text})`;
  }
  switch (typeof value) {
    case 'string':
      return literal(value);
    case 'boolean':
      return String(value);
    case 'number':
      if (!Number.isSafeInteger(value)) {
        throw new TypeError(`${value} is no whole number`);
      }
      return value < 0 ? `(${value})` : String(value);
    default:
      return `[${value.map(written).join(', ')}]`;
  }
}

/** Whether a text is one operand whatever stands around it: outside brackets and strings only names and dots. */
function isClosed(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (isInString) {
      at += letter === '\\' ? 1 : 0;
      isInString = letter !== '"';
    } else if (letter === '"') {
      isInString = true;
    } else if ('([{'.includes(letter)) {
      depth += 1;
    } else if (')]}'.includes(letter)) {
      depth -= 1;
    } else if (depth === 0 && !/[A-Za-z0-9_.]/.test(letter) && !(letter === '?' && text[at - 1] === '.')) {
      return false;
    }
  }
  return true;
}

/** `` cel`${text}.matches(${pattern})` ``: texts become literals, expressions stand in brackets where they need them. */
export function cel(parts: TemplateStringsArray, ...values: readonly CelValue[]): Cel {
  return fromText(
    parts.map((part, at) => part + (at < values.length ? written(values[at] ?? '') : '')).join(''),
  );
}

/** A part of a list or an object that is only there when its condition holds. */
export interface CelPart {
  readonly value: Cel;
  readonly when?: Cel | undefined;
}

const absent = cel`optional.none()`;

/** A list literal. */
export function celList(items: readonly CelPart[]): Cel {
  const parts = items.map(({ value, when }) =>
    when === undefined ? value : cel`?${cel`${when} ? optional.of(${value}) : ${absent}`}`,
  );
  return joined('[', parts, ']');
}

/** `optional`: the value is an optional one, and the key is only there when it holds something. */
export interface CelField extends CelPart {
  readonly key: string;
  readonly optional?: boolean;
}

/** An object literal whose values may be of any type, as those of Kubernetes' objects are. */
export function celObject(fields: readonly CelField[]): Cel {
  const parts = fields.map(({ key, value, when, optional = false }) => {
    const present = optional ? value : cel`optional.of(dyn(${value}))`;
    if (when !== undefined) {
      return cel`?${key}: ${cel`${when} ? ${present} : ${absent}`}`;
    }
    return optional ? cel`?${key}: ${value}` : cel`${key}: dyn(${value})`;
  });
  return joined('{', parts, '}');
}

/** An object literal whose values are all of one type; one with `optional` is an optional value of it. */
export function celMap(fields: readonly Omit<CelField, 'when'>[]): Cel {
  const parts = fields.map(({ key, value, optional }) =>
    optional === true ? cel`?${key}: ${value}` : cel`${key}: ${value}`,
  );
  return joined('{', parts, '}');
}

/** `left + middle + right`, never deeper than the parser goes: lists of lists made flat. */
export function celConcat(lists: readonly Cel[]): Cel {
  return lists.length === 1 && lists[0] !== undefined ? lists[0] : cel`${lists}.flatten()`;
}

/** A value of JSON as a literal. */
export function celJson(value: Json): Cel {
  if (isMap(value)) {
    return celObject(Object.entries(value).map(([key, inner]) => ({ key, value: celJson(inner) })));
  }
  if (Array.isArray(value)) {
    return celList((value as readonly Json[]).map((item) => ({ value: cel`dyn(${celJson(item)})` })));
  }
  return value === null ? cel`null` : cel`${value as string | number | boolean}`;
}

const NAME = /^[a-z][a-z0-9_]*$/;

/** `variables.name`. */
export function celVariable(name: string): Cel {
  if (!NAME.test(name)) {
    throw new TypeError(`${JSON.stringify(name)} is no name of a variable`);
  }
  // The name is nothing but letters: as structure it can only be a name.
  return fromText(`variables.${name}`);
}

function joined(open: string, parts: readonly Cel[], close: string): Cel {
  return fromText(`${open}${parts.map((part) => part.text).join(', ')}${close}`);
}
