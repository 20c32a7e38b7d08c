/**
 * A template of a profile as CEL over `v`, the values of one instance: what the engine's `fill` gives. Objects are maps and
 * never `Object` types: servers up to 1.36.4 panic over a list of those, whatever the failure policy says.
 */
import { type Cel, type CelField, type CelPart, cel, celList, celObject } from '../cel.ts';
import { BUILT_IN_NAMES } from '../profiles/compile.ts';
import type { Condition } from '../profiles/condition.ts';
import type { LeafPart } from '../profiles/leaf.ts';
import type { Conditional, Template } from '../profiles/template.ts';

/** The value of a parameter that is set. */
export function valueOf(parameter: string): Cel {
  return cel`v[${parameter}]`;
}

function conditionCel({ parameter, value, negated }: Condition): Cel {
  const isThere = BUILT_IN_NAMES.includes(parameter) ? cel`true` : cel`${parameter} in v`;
  const wanted =
    value === undefined ? cel`${valueOf(parameter)} != "false"` : cel`${valueOf(parameter)} == ${value}`;
  return negated ? cel`!(${isThere} && ${wanted})` : cel`(${isThere} && ${wanted})`;
}

/** What a part is there for; undefined for always. */
export function whenCel(when: readonly Condition[]): Cel | undefined {
  const [first, ...rest] = when.map(conditionCel);
  return first && rest.reduce((left, right) => cel`${left} && ${right}`, first);
}

function text(parts: readonly LeafPart[], expanded: boolean): Cel {
  const words = parts.map((part) => {
    if (typeof part === 'string') {
      return cel`${part}`;
    }
    const value = valueOf(part.parameter);
    // Kubelet reads $$ as $.
    return expanded ? cel`${value}.replace("$", "$$")` : value;
  });
  const [first = cel`""`, ...rest] = words;
  return rest.reduce((left, right) => joinText(left, right), first);
}

const joinText = (left: Cel, right: Cel) => cel`${left} + ${right}`;

function leafCel({ type, parts, expanded }: Template & { kind: 'leaf' }): Cel {
  const value = text(parts, expanded);
  const [literal] = parts;
  const isLiteral = parts.length === 1 && typeof literal === 'string';
  switch (type) {
    case 'int':
      return isLiteral ? cel`${Number(literal)}` : cel`int(${value})`;
    case 'bool':
      return isLiteral ? cel`${literal === 'true'}` : cel`${value} == "true"`;
    case 'int-or-string':
      return cel`[${value}].map(t, t.matches("^[0-9]{1,9}$") ? dyn(int(t)) : dyn(t))[0]`;
    default:
      return value;
  }
}

/** Whether a list has an item whatever the values are. */
function alwaysHasItems(template: Template): boolean {
  return template.kind !== 'list' || template.items.some(({ when }) => when.length === 0);
}

/** What a template stands for. */
export function templateCel(template: Template): Cel {
  if (template.kind === 'leaf') {
    return leafCel(template);
  }
  if (template.kind === 'list') {
    return partsCel(template.items);
  }
  return celObject(fieldsCel(template.fields));
}

/** The fields of an object, for `celObject`. */
export function fieldsCel(fields: (Template & { kind: 'object' })['fields']): CelField[] {
  return fields
    .filter(({ value }) => value.kind !== 'list' || value.items.length > 0)
    .map(({ key, when, value }) => {
      const filled = templateCel(value);
      return alwaysHasItems(value)
        ? { key, value: filled, when: whenCel(when) }
        : { key, value: unlessEmpty(filled), when: whenCel(when), optional: true };
    });
}

/** The API server drops empty lists; with them the pod would differ from what comes back. */
export function unlessEmpty(list: Cel): Cel {
  return cel`optional.ofNonZeroValue(dyn(${list}))`;
}

/** A list of what is there of several parts. */
export function partsCel(parts: readonly Conditional<Template>[]): Cel {
  return celList(parts.map(partCel));
}

function partCel({ value, when }: Conditional<Template>): CelPart {
  const filled = templateCel(value);
  return { value: value.kind === 'object' ? cel`dyn(${filled})` : filled, when: whenCel(when) };
}
