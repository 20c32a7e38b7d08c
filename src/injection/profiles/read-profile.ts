/** A profile's document -> a profile, or everything that is wrong with it. */
import * as v from 'valibot';
import { isMap, type JsonMap } from '../../kubernetes/json.ts';
import { parseDuration } from '../parameters/duration.ts';
import type { Parameter, ParameterDeclaration } from '../parameters/parameter.ts';
import { parseQuantity } from '../parameters/quantity.ts';
import { rulesOf } from '../parameters/rules.ts';
import { quoted } from '../text.ts';
import { BUILT_IN_NAMES, type CompileContext, compile, type ProfileProblem } from './compile.ts';
import { issueWords } from './issue-words.ts';
import { lint } from './lint.ts';
import type { Profile } from './profile.ts';
import { PROFILE_SOURCE, type ReadSource } from './source.ts';
import type { Conditional, Template } from './template.ts';

export type ReadProfile =
  | { readonly profile: Profile }
  | { readonly name: string | undefined; readonly problems: readonly ProfileProblem[] };

/** What a container has unless its profile says otherwise: PodSecurity "restricted", and resources that are small and bounded. */
const RESTRICTED: JsonMap = {
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
const REQUESTS: JsonMap = { cpu: '10m', memory: '64Mi' };
const LIMITS: JsonMap = { memory: '128Mi' };

/** Parameters that every instance has, whatever its profile. */
const COMMON_PARAMETERS: readonly Parameter[] = [
  {
    name: 'containers',
    declaration: {
      type: 'string',
      pattern: '[a-z0-9-]+( *, *[a-z0-9-]+)*',
      maxLength: 512,
      required: false,
      description:
        'Names of the containers that get mounts and variables; without it all of the application.',
    },
  },
];

/** Reads one parsed document; `origin` says where it stands. */
export function readProfile(document: unknown, origin: string): ReadProfile {
  const nowhere = pathOfNoKey(document);
  if (nowhere !== undefined) {
    return { name: undefined, problems: [{ path: nowhere, message: 'is no name' }] };
  }
  const parsed = v.safeParse(PROFILE_SOURCE, document, { abortPipeEarly: true });
  if (!parsed.success) {
    const named = isMap(document) && isMap(document['metadata']) ? document['metadata']['name'] : undefined;
    return {
      name: typeof named === 'string' ? named : undefined,
      problems: parsed.issues.map((issue) => ({
        path: (issue.path ?? []).map((step) => step.key as string | number),
        message: issueWords(issue),
      })),
    };
  }
  const source = parsed.output;
  const context: CompileContext = { parameters: parametersOf(source), problems: [] };
  checkParameters(context);
  const profile = compileProfile(source, document, origin, context);
  const problems = [...context.problems, ...lint(profile)];
  return problems.length === 0 ? { profile } : { name: profile.name, problems };
}

/** The library that checks the shape passes over this key, and what is not seen cannot be told. */
const NO_KEY = '__proto__';

function pathOfNoKey(value: unknown): (string | number)[] | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  for (const [key, inner] of Object.entries(value)) {
    const below = key === NO_KEY ? [] : pathOfNoKey(inner);
    if (below !== undefined) {
      return [Array.isArray(value) ? Number(key) : key, ...below];
    }
  }
  return undefined;
}

function parametersOf(source: ReadSource): Map<string, Parameter> {
  const own = Object.entries(source.spec.parameters).map(
    ([name, declaration]) => [name, { name, declaration }] as const,
  );
  return new Map([...own, ...COMMON_PARAMETERS.map((common) => [common.name, common] as const)]);
}

function checkParameters({ parameters, problems }: CompileContext): void {
  for (const [name, parameter] of parameters) {
    const path = ['spec', 'parameters', name];
    const { default: fallback, required, type } = parameter.declaration;
    if (BUILT_IN_NAMES.includes(name)) {
      problems.push({ path, message: `${name} has a meaning of its own: choose another name` });
    }
    if (isEmptyRange(parameter.declaration)) {
      problems.push({ path: [...path, 'max'], message: 'is less than min: nobody could give a value' });
    }
    if (fallback === undefined) {
      continue;
    }
    if (required) {
      problems.push({ path, message: 'is required and has a default: one of the two' });
    }
    const broken = rulesOf(parameter).find((rule) => !rule.holds(fallback));
    if (broken !== undefined) {
      problems.push({ path: [...path, 'default'], message: `${quoted(fallback)} ${broken.words}` });
    }
    if (type === 'port' && Number(fallback) > 65_000) {
      problems.push({
        path: [...path, 'default'],
        message: 'must leave room for further instances: at most 65000',
      });
    }
  }
}

function isEmptyRange(declaration: ParameterDeclaration): boolean {
  switch (declaration.type) {
    case 'integer':
      return declaration.min > declaration.max;
    case 'duration':
      return (parseDuration(declaration.min) ?? 0) > (parseDuration(declaration.max) ?? 0);
    case 'quantity':
      return (parseQuantity(declaration.min) ?? 0n) > (parseQuantity(declaration.max) ?? 0n);
    default:
      return false;
  }
}

function compileProfile(
  source: ReadSource,
  document: unknown,
  origin: string,
  context: CompileContext,
): Profile {
  const { spec } = source;
  const list = (items: readonly unknown[], schema: string, key: string): Conditional<Template>[] => {
    const compiled = compile([...items], { list: { object: schema } }, ['spec', key], context);
    return compiled?.kind === 'list' ? [...compiled.items] : [];
  };
  const texts = (values: Readonly<Record<string, unknown>>, key: string) => {
    const compiled = compile(values, { map: 'string' }, ['spec', key], context);
    return compiled?.kind === 'object' ? compiled.fields : [];
  };
  const once = (part: unknown, key: string) =>
    part === undefined ? undefined : compileOnce(part, key, context);
  return {
    name: source.metadata.name,
    description: spec.description,
    origin,
    parameters: context.parameters,
    phase: spec.phase,
    role: spec.role,
    container: spec.container === undefined ? undefined : compileContainer(spec.container, context),
    once: spec.once && { command: once(spec.once.command, 'command'), args: once(spec.once.args, 'args') },
    volumes: list(spec.volumes, 'Volume', 'volumes'),
    mounts: list(spec.mounts, 'VolumeMount', 'mounts'),
    env: list(spec.env, 'EnvVar', 'env'),
    into: spec.into,
    labels: texts(spec.labels, 'labels'),
    annotations: texts(spec.annotations, 'annotations'),
    apiToken: spec.apiToken,
    source: JSON.stringify(document),
  };
}

/** Compiled as the field of a container it will be, so that kubelet's expansion is known of. */
function compileOnce(part: unknown, key: string, context: CompileContext): Template | undefined {
  const inner: ProfileProblem[] = [];
  const compiled = compile({ [key]: part }, { object: 'Container' }, ['spec', 'once'], {
    ...context,
    problems: inner,
  });
  context.problems.push(...inner);
  return compiled?.kind === 'object' ? compiled.fields[0]?.value : undefined;
}

function compileContainer(container: unknown, context: CompileContext): Template | undefined {
  return compile(
    isMap(container) ? withDefaults(container) : container,
    { object: 'Container' },
    ['spec', 'container'],
    context,
  );
}

function withDefaults(container: JsonMap): JsonMap {
  const over = (defaults: JsonMap, given: unknown): JsonMap => ({
    ...defaults,
    ...(isMap(given) ? given : {}),
  });
  const { resources, securityContext } = container;
  const given = isMap(resources) ? resources : {};
  return {
    ...container,
    resources: {
      ...given,
      requests: over(REQUESTS, given['requests']),
      limits: over(LIMITS, given['limits']),
    },
    securityContext: over(RESTRICTED, securityContext),
  };
}
