/** Templates of files: text with `{{ field }}` or `{{ field | escaper }}`. */
import type { Credential, Endpoint } from '../model.ts';
import { OUTPUT_ERRORS } from './errors.ts';
import { ESCAPERS, type EscaperName } from './escape.ts';

export const FIELDS = ['username', 'password', 'host', 'port', 'database', 'expires-at'] as const;
export type Field = (typeof FIELDS)[number];

/** Literal text, or a field with its escaper. */
export type TemplatePart = string | { readonly field: Field; readonly escaper: EscaperName };

/** What is wrong with a template, and where (offset in UTF-16 units). */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly offset: number;
  readonly hint: string;

  constructor(offset: number, message: string, hint: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

const isField = (name: string): name is Field => FIELDS.some((field) => field === name);
const isEscaper = (name: string): name is EscaperName => Object.hasOwn(ESCAPERS, name);

/**
 * Reads a template whose fields are escaped by `fallback` unless they say otherwise. `{{ "{{" }}` is a literal `{{`.
 * @throws TemplateError
 */
export function parseTemplate(text: string, fallback: EscaperName): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let position = 0;
  for (;;) {
    const open = text.indexOf('{{', position);
    if (open === -1) {
      return [...parts, text.slice(position)];
    }
    const close = text.indexOf('}}', open);
    if (close === -1) {
      throw new TemplateError(open, '{{ without }}', 'close it, or write {{ "{{" }} for two braces');
    }
    parts.push(text.slice(position, open), placeholder(text.slice(open + 2, close), open, fallback));
    position = close + 2;
  }
}

function placeholder(inside: string, offset: number, fallback: EscaperName): TemplatePart {
  const text = inside.trim();
  if (text === '"{{"') {
    return '{{';
  }
  const bar = text.indexOf('|');
  const field = (bar === -1 ? text : text.slice(0, bar)).trim();
  const escaper = bar === -1 ? fallback : text.slice(bar + 1).trim();
  if (!isField(field)) {
    throw new TemplateError(offset, `unknown field ${JSON.stringify(field)}`, `known: ${FIELDS.join(', ')}`);
  }
  if (!isEscaper(escaper)) {
    const known = Object.keys(ESCAPERS).join(', ');
    throw new TemplateError(offset, `unknown escaper ${JSON.stringify(escaper)}`, `known: ${known}`);
  }
  return { field, escaper };
}

/** The values of a template's fields; '' where nothing is known. */
export function fieldValues(credential: Credential, endpoint: Endpoint): Readonly<Record<Field, string>> {
  const { username, password, expiresAt } = credential;
  return {
    username,
    password,
    host: endpoint.host,
    port: endpoint.port === 0 ? '' : String(endpoint.port),
    database: endpoint.database,
    'expires-at': expiresAt === undefined ? '' : new Date(expiresAt).toISOString(),
  };
}

/** @throws PillionError when a field is not known or cannot be written that way: never a file with a hole in it */
export function renderTemplate(
  parts: readonly TemplatePart[],
  values: Readonly<Record<Field, string>>,
): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') {
        return part;
      }
      const value = values[part.field];
      if (value === '') {
        throw OUTPUT_ERRORS.template_field_empty({ field: part.field });
      }
      return ESCAPERS[part.escaper](value, part.field);
    })
    .join('');
}
