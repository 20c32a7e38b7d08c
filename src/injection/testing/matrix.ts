/** Pods of a namespace that asks, with each list that injection adds to absent, empty and filled. */
import type { JsonMap } from '../../kubernetes/json.ts';
import { PRESENCES, part } from './pods.ts';

/** A profile with a part of every sort. */
export const WHOLE = {
  container: { name: 'side-${instance}', image: 'registry.example/side:1' },
  volumes: [{ name: 'vol-${instance}', emptyDir: {} }],
  mounts: [{ name: 'vol-${instance}', mountPath: '/own' }],
  env: [{ name: 'OWN', value: 'yes' }],
  labels: { foo: 'bar' },
  annotations: { 'example.com/by': 'own' },
};

export const MATRIX: readonly JsonMap[] = PRESENCES.flatMap((inits) =>
  PRESENCES.flatMap((volumes) =>
    PRESENCES.flatMap((env) =>
      PRESENCES.flatMap((mounts) =>
        PRESENCES.flatMap((labels) =>
          PRESENCES.map((annotations) => ({
            metadata: {
              ...part('labels', labels, { app: 'web' }, {}),
              ...part('annotations', annotations, { other: 'x' }, {}),
            },
            spec: {
              containers: [
                {
                  name: 'web',
                  ...part('volumeMounts', mounts, [{ name: 'data', mountPath: '/data' }]),
                  ...part('env', env, [{ name: 'A', value: 'a' }]),
                },
              ],
              ...part('initContainers', inits, [{ name: 'migrate' }]),
              ...part('volumes', volumes, [{ name: 'data', emptyDir: {} }]),
            },
          })),
        ),
      ),
    ),
  ),
);
