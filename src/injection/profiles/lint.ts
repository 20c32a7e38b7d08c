/** What a profile may not do although each of its fields is well formed. */
import type { ProfileProblem } from './compile.ts';
import { leafParameters } from './leaf.ts';
import { lintContradictions } from './lint-contradictions.ts';
import { lintPrograms } from './lint-programs.ts';
import type { Profile } from './profile.ts';
import { type Conditional, field, type Template } from './template.ts';

/** `instance` has at most 32 characters, a name in a pod at most 63, and a pair adds `-init`. */
const LONGEST_PREFIX = 26;

/** Everything that is wrong with how the parts of a profile go together. */
export function lint(profile: Profile): ProfileProblem[] {
  return [
    ...lintContainer(profile),
    ...profile.volumes.flatMap((volume, at) =>
      lintOwnName(field(volume.value, 'name'), ['spec', 'volumes', at, 'name']),
    ),
    ...lintApplication(profile.mounts, 'mounts', ['name', 'mountPath']),
    ...lintApplication(profile.env, 'env', ['name']),
    ...profile.mounts.flatMap((each, at) =>
      lintPath(field(each.value, 'mountPath'), ['spec', 'mounts', at, 'mountPath']),
    ),
    ...profile.env.flatMap((each, at) => lintFixed(field(each.value, 'name'), ['spec', 'env', at, 'name'])),
    ...lintKeys(profile),
  ];
}

function lintContainer(profile: Profile): ProfileProblem[] {
  const { container, role, once } = profile;
  const path = ['spec', 'container'];
  if (container === undefined) {
    return once === undefined
      ? []
      : [{ path: ['spec', 'once'], message: 'there is no container to run once' }];
  }
  const problems: ProfileProblem[] = [
    ...lintOwnName(field(container, 'name'), [...path, 'name']),
    ...lintImage(field(container, 'image'), [...path, 'image']),
    ...lintPrograms(container, path),
    ...lintContradictions(container, path),
  ];
  if (once !== undefined) {
    problems.push(...lintPrograms(onceContainer(container, once), ['spec', 'once']));
  }
  if (role === 'init') {
    for (const key of ['startupProbe', 'livenessProbe', 'readinessProbe', 'lifecycle', 'ports']) {
      if (field(container, key) !== undefined) {
        problems.push({ path: [...path, key], message: 'is only for sidecars: an init container ends' });
      }
    }
    if (once !== undefined) {
      problems.push({ path: ['spec', 'once'], message: 'is only for sidecars: an init container runs once' });
    }
  }
  return problems;
}

function onceContainer(container: Template, once: NonNullable<Profile['once']>): Template {
  const given = [
    { key: 'command', value: once.command ?? field(container, 'command') },
    { key: 'args', value: once.args ?? field(container, 'args') },
  ];
  return {
    kind: 'object',
    schema: 'Container',
    fields: given.flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value, when: [] }])),
  };
}

/** The name of something that is put into the pod: made of the instance, so that two instances do not clash. */
function lintOwnName(name: Template | undefined, path: ProfileProblem['path']): ProfileProblem[] {
  if (name?.kind !== 'leaf') {
    return [{ path, message: 'is missing' }];
  }
  const names = leafParameters(name.parts);
  const literal = name.parts.map((part) => (typeof part === 'string' ? part : 'x')).join('');
  if (names.join() !== 'instance') {
    return [{ path, message: 'must contain ${instance} once and no other parameter' }];
  }
  return /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(literal) && literal.length <= LONGEST_PREFIX + 1
    ? []
    : [
        {
          path,
          message: 'must be lower-case letters, digits and dashes, at most 63 with the longest instance',
        },
      ];
}

/** Whoever writes an annotation must not choose what runs. */
function lintImage(image: Template | undefined, path: ProfileProblem['path']): ProfileProblem[] {
  if (image?.kind !== 'leaf') {
    return [{ path, message: 'is missing; ${image} is the image that Pillion was configured with' }];
  }
  const names = leafParameters(image.parts);
  return names.length === 0 || (names.join() === 'image' && image.parts.length === 1)
    ? []
    : [{ path, message: 'must be fixed, or ${image}: an annotation may not choose what runs' }];
}

function lintApplication(
  items: readonly Conditional<Template>[],
  key: string,
  needed: readonly string[],
): ProfileProblem[] {
  return items.flatMap((item, at) =>
    needed
      .filter((name) => field(item.value, name) === undefined)
      .map((name) => ({ path: ['spec', key, at, name], message: 'is missing' })),
  );
}

function lintFixed(name: Template | undefined, path: ProfileProblem['path']): ProfileProblem[] {
  const literal = name?.kind === 'leaf' && name.parts.length === 1 ? name.parts[0] : undefined;
  return typeof literal === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(literal)
    ? []
    : [{ path, message: 'must be a fixed name: which variable is set is not for an annotation to say' }];
}

function lintPath(path: Template | undefined, at: ProfileProblem['path']): ProfileProblem[] {
  const parts = path?.kind === 'leaf' ? path.parts : [];
  return parts.every((part) => typeof part !== 'string' || /^[A-Za-z0-9._@+~/-]*$/.test(part))
    ? []
    : [{ path: at, message: 'must be a path of letters, digits and . _ @ + ~ / -' }];
}

/** Keys that decide what Kubernetes or Pillion do are not for a profile to set. */
const RESERVED = /(?:^|\.|\/)(?:kubernetes\.io|k8s\.io|pillion\.dev)\//;
const QUALIFIED =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

function lintKeys(profile: Profile): ProfileProblem[] {
  const sets = { labels: profile.labels, annotations: profile.annotations };
  return Object.entries(sets).flatMap(([set, entries]) =>
    entries.flatMap(({ key }) => {
      const path = ['spec', set, key];
      if (!QUALIFIED.test(key)) {
        return [{ path, message: 'is no name of a label or an annotation' }];
      }
      return RESERVED.test(key) ? [{ path, message: 'belongs to Kubernetes or Pillion' }] : [];
    }),
  );
}
