/** What Kubernetes refuses, or leaves hanging, although each of its fields is right. Only what is fixed in the profile is judged. */
import { parseQuantity } from '../parameters/quantity.ts';
import type { ProfileProblem } from './compile.ts';
import { field, type Template } from './template.ts';

export function lintContradictions(container: Template, path: ProfileProblem['path']): ProfileProblem[] {
  return [...lintUser(container, path), ...lintResources(container, path)];
}

/** The text of a leaf that no parameter is part of. */
function fixedAt(template: Template, ...keys: readonly string[]): string | undefined {
  let current: Template | undefined = template;
  for (const key of keys) {
    current = field(current, key);
  }
  const parts = current?.kind === 'leaf' ? current.parts : [];
  return parts.length > 0 && parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
}

/** kubelet never starts it, and the pod waits. */
function lintUser(container: Template, path: ProfileProblem['path']): ProfileProblem[] {
  const isContradiction =
    fixedAt(container, 'securityContext', 'runAsUser') === '0' &&
    fixedAt(container, 'securityContext', 'runAsNonRoot') === 'true';
  return isContradiction
    ? [
        {
          path: [...path, 'securityContext', 'runAsUser'],
          message:
            'is root, and runAsNonRoot is true unless the profile says otherwise: it would never start',
        },
      ]
    : [];
}

function lintResources(container: Template, path: ProfileProblem['path']): ProfileProblem[] {
  return ['cpu', 'memory', 'ephemeral-storage'].flatMap((resource) => {
    const [request, limit] = ['requests', 'limits'].map((kind) =>
      fixedAt(container, 'resources', kind, resource),
    );
    const [least, most] = [parseQuantity(request ?? ''), parseQuantity(limit ?? '')];
    return least !== undefined && most !== undefined && least > most
      ? [
          {
            path: [...path, 'resources', 'requests', resource],
            message: `${request} is more than the limit ${limit}: the API server would refuse every pod`,
          },
        ]
      : [];
  });
}
