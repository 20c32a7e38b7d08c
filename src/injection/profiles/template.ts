/** A parsed piece of a profile: the structure is the profile's, only its leaves may name parameters. */
import { type Json, setMember } from '../../kubernetes/json.ts';
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

/** What a template stands for whatever the values are: most of a container. Frozen, since all pods share it. */
const constants = new WeakMap<Template, { readonly json: Json | undefined }>();
const NO_VALUES: ParameterValues = new Map();

function constantOf(template: Template): Json | undefined {
  let known = constants.get(template);
  if (known === undefined) {
    known = { json: isConstant(template) ? frozen(filled(template, NO_VALUES)) : undefined };
    constants.set(template, known);
  }
  return known.json;
}

function isConstant(template: Template): boolean {
  if (template.kind === 'leaf') {
    return template.parts.every((part) => typeof part === 'string');
  }
  const parts = template.kind === 'list' ? template.items : template.fields;
  return parts.every(({ when, value }) => when.length === 0 && isConstant(value));
}

/** What it holds was frozen when it was made itself. */
function frozen(json: Json): Json {
  return Object.freeze(json);
}

/** What a template stands for with the values of one instance. It is not to be changed. */
export function fill(template: Template, values: ParameterValues): Json {
  return constantOf(template) ?? filled(template, values);
}

function filled(template: Template, values: ParameterValues): Json {
  if (template.kind === 'leaf') {
    return leaf(template, values);
  }
  if (template.kind === 'list') {
    const list: Json[] = [];
    for (const { when, value } of template.items) {
      if (allHold(when, values)) {
        list.push(fill(value, values));
      }
    }
    return list;
  }
  const object: Record<string, Json> = {};
  for (const { when, key, value } of template.fields) {
    if (allHold(when, values)) {
      const json = fill(value, values);
      // The API server drops empty lists; with them the pod would differ from what comes back.
      if (!Array.isArray(json) || json.length > 0) {
        setMember(object, key, json);
      }
    }
  }
  return object;
}

/** The text of a leaf. */
export function fillText(template: Template, values: ParameterValues): string {
  const json = fill(template, values);
  return typeof json === 'string' ? json : JSON.stringify(json);
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
