/** A piece of a profile's YAML against the pod schema: every problem at once, each with its place. */
import { nearest } from '../../core/options/lookup.ts';
import { isMap } from '../../kubernetes/json.ts';
import { type Field, type FieldType, OBJECTS } from '../../kubernetes/pod-schema.ts';
import type { Parameter } from '../parameters/parameter.ts';
import { quoted } from '../text.ts';
import { type Condition, parseCondition } from './condition.ts';
import { couldExpand, type LeafPart, leafParameters, parseLeaf } from './leaf.ts';
import type { Conditional, LeafType, Template } from './template.ts';

export type ProblemPath = readonly (string | number)[];

export interface ProfileProblem {
  readonly path: ProblemPath;
  readonly message: string;
}

export interface CompileContext {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly problems: ProfileProblem[];
}

/** Where the compiler is: what was asked for around it, and whether kubelet expands texts here. */
interface Place {
  readonly path: ProblemPath;
  readonly guards: readonly Condition[];
  readonly expanded: boolean;
  readonly depth: number;
}

/** Deeper than any container or volume can be. */
const DEEPEST = 20;

/** Fields in which kubelet replaces $(NAME) by the container's environment. */
const EXPANDED: ReadonlySet<string> = new Set([
  'Container.command',
  'Container.args',
  'EnvVar.value',
  'ExecAction.command',
  'VolumeMount.subPathExpr',
]);

/** Names that every template may use besides its parameters: the instance, and the image that is configured. */
export const BUILT_IN_NAMES: readonly string[] = ['instance', 'image'];

/** Compiles `source`, what YAML gave, as a value of `type`; problems go to the context, and undefined comes back. */
export function compile(
  source: unknown,
  type: FieldType,
  path: ProblemPath,
  context: CompileContext,
): Template | undefined {
  return compileAt(source, type, { path, guards: [], expanded: false, depth: 0 }, context);
}

function report(context: CompileContext, path: ProblemPath, message: string): undefined {
  context.problems.push({ path, message });
}

function compileAt(
  source: unknown,
  type: FieldType,
  place: Place,
  context: CompileContext,
): Template | undefined {
  if (place.depth > DEEPEST) {
    return report(context, place.path, 'nested too deeply');
  }
  if (typeof type === 'string') {
    return compileLeaf(source, type, place, context);
  }
  if ('list' in type) {
    return compileList(source, type.list, place, context);
  }
  return 'map' in type
    ? compileTexts(source, type.map, place, context)
    : compileObject(source, type.object, place, context);
}

/** `$when` next to the fields of an object, or `{$when, $value}` around anything else. */
function unwrap(
  source: unknown,
  place: Place,
  context: CompileContext,
): { readonly when: readonly Condition[]; readonly value: unknown; readonly inner: Place } {
  if (!isMap(source) || !Object.hasOwn(source, '$when')) {
    return { when: [], value: source, inner: place };
  }
  const { $when, ...rest } = source;
  const texts: readonly unknown[] = Array.isArray($when) ? $when : [$when];
  const when = texts.flatMap((text) => {
    const condition = typeof text === 'string' ? parseCondition(text) : undefined;
    if (condition === undefined || !isKnown(condition.parameter, context)) {
      const hint = 'a condition is a parameter, !parameter, parameter=value or parameter!=value';
      report(context, [...place.path, '$when'], `${quoted(String(text))}: ${hint}`);
      return [];
    }
    return [condition];
  });
  const wrapped = Object.hasOwn(rest, '$value');
  return {
    when,
    value: wrapped ? rest['$value'] : rest,
    inner: {
      ...place,
      path: wrapped ? [...place.path, '$value'] : place.path,
      guards: [...place.guards, ...when],
    },
  };
}

function isKnown(name: string, { parameters }: CompileContext): boolean {
  return parameters.has(name) || BUILT_IN_NAMES.includes(name);
}

function compileConditional(
  source: unknown,
  type: FieldType,
  place: Place,
  context: CompileContext,
): Conditional<Template> | undefined {
  const { when, value, inner } = unwrap(source, place, context);
  const compiled = compileAt(value, type, { ...inner, depth: place.depth + 1 }, context);
  return compiled && { when, value: compiled };
}

function compileList(
  source: unknown,
  type: FieldType,
  place: Place,
  context: CompileContext,
): Template | undefined {
  if (!Array.isArray(source)) {
    return report(context, place.path, 'must be a list');
  }
  const items = source.flatMap((item: unknown, at) => {
    const compiled = compileConditional(item, type, { ...place, path: [...place.path, at] }, context);
    return compiled === undefined ? [] : [compiled];
  });
  return { kind: 'list', items };
}

function compileTexts(
  source: unknown,
  type: 'string' | 'quantity',
  place: Place,
  context: CompileContext,
): Template | undefined {
  if (!isMap(source)) {
    return report(context, place.path, 'must be an object of texts');
  }
  const fields = Object.entries(source).flatMap(([key, value]) => {
    const inner = { ...place, path: [...place.path, key] };
    const compiled = compileConditional(value, type, inner, context);
    return compiled === undefined ? [] : [{ ...compiled, key }];
  });
  return { kind: 'object', schema: undefined, fields };
}

function compileObject(
  source: unknown,
  schema: string,
  place: Place,
  context: CompileContext,
): Template | undefined {
  const known = OBJECTS[schema] ?? {};
  if (!isMap(source)) {
    return report(context, place.path, 'must be an object');
  }
  const fields = Object.entries(source).flatMap(([key, value]) => {
    const path = [...place.path, key];
    const declared: Field | undefined = Object.hasOwn(known, key) ? known[key] : undefined;
    if (declared === undefined) {
      const near = nearest(key, Object.keys(known));
      report(context, path, `unknown field${near === undefined ? '' : `; did you mean ${near}?`}`);
      return [];
    }
    if (declared.refused !== undefined) {
      report(context, path, `may not be set: ${declared.refused}`);
      return [];
    }
    const inner = { ...place, path, expanded: EXPANDED.has(`${schema}.${key}`) };
    const compiled = compileConditional(value, declared.type, inner, context);
    return compiled === undefined ? [] : [{ ...compiled, key }];
  });
  return { kind: 'object', schema, fields };
}

const LITERALS: Readonly<Record<LeafType, readonly string[]>> = {
  string: ['string'],
  quantity: ['string', 'number'],
  int: ['number', 'string'],
  bool: ['boolean', 'string'],
  'int-or-string': ['number', 'string'],
};

/** Types of parameters that a leaf of this type may be made of alone. */
const WHOLE: Partial<Readonly<Record<LeafType, readonly string[]>>> = {
  int: ['integer', 'port'],
  bool: ['boolean'],
  quantity: ['quantity'],
};

function compileLeaf(
  source: unknown,
  type: LeafType,
  place: Place,
  context: CompileContext,
): Template | undefined {
  const { path, expanded } = place;
  if (!LITERALS[type].includes(typeof source)) {
    return report(context, path, `must be a ${type}${type === 'string' ? ' (in quotes)' : ''}`);
  }
  const text = String(source);
  const parts = typeof source === 'string' ? parseLeaf(text) : [text];
  if ('problem' in parts) {
    return report(context, path, parts.problem);
  }
  const names = leafParameters(parts);
  names.forEach((name) => checkReference(name, place, context));
  if (expanded && couldExpand(parts)) {
    return report(
      context,
      path,
      'a value may not stand behind $ or inside $(...): it would choose a variable',
    );
  }
  return checkTyped(type, parts, path, context) ? { kind: 'leaf', type, parts, expanded } : undefined;
}

function checkReference(name: string, place: Place, context: CompileContext): void {
  if (!isKnown(name, context)) {
    const near = nearest(name, [...context.parameters.keys(), ...BUILT_IN_NAMES]);
    report(
      context,
      place.path,
      `unknown parameter ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
    return;
  }
  const declaration = context.parameters.get(name)?.declaration;
  const isSet = declaration === undefined || declaration.required || declaration.default !== undefined;
  const guarded = place.guards.some((guard) => guard.parameter === name && !guard.negated);
  if (!isSet && !guarded) {
    report(context, place.path, `${name} may be missing: give it a default, or write $when: ${name}`);
  }
}

function checkTyped(
  type: LeafType,
  parts: readonly LeafPart[],
  path: ProblemPath,
  context: CompileContext,
): boolean {
  const [first] = parts;
  const whole = WHOLE[type];
  if (whole === undefined) {
    return true;
  }
  if (parts.length === 1 && typeof first === 'string') {
    const valid = {
      int: /^-?[0-9]{1,9}$/,
      bool: /^(?:true|false)$/,
      quantity: /^[0-9.]{1,12}[A-Za-z]{0,2}$/,
    };
    const fits = type in valid && valid[type as keyof typeof valid].test(first);
    return fits || (report(context, path, `must be a ${type}`), false);
  }
  const declared =
    typeof first === 'object' ? context.parameters.get(first.parameter)?.declaration : undefined;
  const fits = parts.length === 1 && declared !== undefined && whole.includes(declared.type);
  return fits || (report(context, path, `must be a ${type}, or a single parameter of that type`), false);
}
