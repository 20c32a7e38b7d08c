/** Pods as they are sent to a server, and as they come back, in a form in which they can be compared. */
import { isMap, type Json, type JsonMap, listAt, memberAt, textAt } from '../../../src/kubernetes/json.ts';

function withoutNull(value: Json): Json {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map(withoutNull);
  }
  if (!isMap(value)) {
    return value;
  }
  const there = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(there.map(([key, inner]) => [key, withoutNull(inner)]));
}

/** What a template leaves out for a pod of its own: a name, and every volume that it mounts. Of no account and namespace. */
export function sendable(pod: Json, name: string): JsonMap {
  const spec = memberAt(pod, 'spec') as JsonMap;
  const declared = listAt(spec, 'volumes');
  const containers = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  const mounted = containers.flatMap((each) =>
    listAt(each, 'volumeMounts').map((mount) => textAt(mount, 'name') ?? ''),
  );
  const missing = [...new Set(mounted)].filter(
    (each) => !declared.some((volume) => textAt(volume, 'name') === each),
  );
  const volumes = [...declared, ...missing.map((each) => ({ name: each, emptyDir: {} }))];
  const { annotations = null, labels = null } = memberAt(pod, 'metadata') as JsonMap;
  return withoutNull({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations, labels },
    spec: { ...spec, serviceAccountName: null, ...(volumes.length > 0 && { volumes }) },
  }) as JsonMap;
}

/** Without what is made up for each pod, and what only the server writes. */
export function settled(pod: JsonMap): JsonMap {
  const { name = null, annotations = null, labels = null } = memberAt(pod, 'metadata') as JsonMap;
  const plain = withoutNull({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations, labels },
    spec: memberAt(pod, 'spec') ?? null,
  });
  const text = JSON.stringify(plain).replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-12345');
  return JSON.parse(text) as JsonMap;
}
