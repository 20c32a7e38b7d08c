/** A parsed piece of a profile: the structure is the profile's, only its leaves may name parameters. */
import type { Json } from '../../kubernetes/json.ts';
import { allHold, type Condition, type ParameterValues } from './condition.ts';
import { type LeafPart, withoutExpansion } from './leaf.ts';

export type LeafType = 'string' | 'int' | 'bool' | 'quantity' | 'int-or-string';

export interface Conditional<T> {
  readonly when: readonly Condition[];
  readonly value: T;
}

export type Template =
  | {
      readonly kind: 'leaf';
      readonly type: LeafType;
      readonly parts: readonly LeafPart[];
      /** Kubelet replaces `$(NAME)` in this place: the dollar signs of values are doubled. */
      readonly expanded: boolean;
    }
  | { readonly kind: 'list'; readonly items: readonly Conditional<Template>[] }
  | {
      readonly kind: 'object';
      /** Name in the pod schema; undefined for a plain map of texts. */
      readonly schema: string | undefined;
      readonly fields: readonly (Conditional<Template> & { readonly key: string })[];
    };

function leaf(template: Template & { kind: 'leaf' }, values: ParameterValues): Json {
  const text = template.parts
    .map((part) => {
      if (typeof part === 'string') {
        return part;
      }
      const value = values.get(part.parameter) ?? '';
      return template.expanded ? withoutExpansion(value) : value;
    })
    .join('');
  switch (template.type) {
    case 'int':
      return Number(text);
    case 'bool':
      return text === 'true';
    case 'int-or-string':
      return /^[0-9]{1,9}$/.test(text) ? Number(text) : text;
    default:
      return text;
  }
}

/** What a template stands for with the values of one instance. */
export function fill(template: Template, values: ParameterValues): Json {
  if (template.kind === 'leaf') {
    return leaf(template, values);
  }
  if (template.kind === 'list') {
    return template.items
      .filter((item) => allHold(item.when, values))
      .map((item) => fill(item.value, values));
  }
  const present = template.fields.filter(({ when }) => allHold(when, values));
  const filled = present.map(({ key, value }) => [key, fill(value, values)] as const);
  // The API server drops empty lists; with them the pod would differ from what comes back.
  return Object.fromEntries(filled.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

/** The text of a leaf. */
export function fillText(template: Template, values: ParameterValues): string {
  const filled = fill(template, values);
  return typeof filled === 'string' ? filled : JSON.stringify(filled);
}

/** Every leaf of a template. */
export function leaves(template: Template): (Template & { kind: 'leaf' })[] {
  if (template.kind === 'leaf') {
    return [template];
  }
  const parts = template.kind === 'list' ? template.items : template.fields;
  return parts.flatMap((part) => leaves(part.value));
}

/** The member `key` of an object template. */
export function field(template: Template | undefined, key: string): Template | undefined {
  return template?.kind === 'object' ? template.fields.find((each) => each.key === key)?.value : undefined;
}
