/** What several of the built-in profiles put into a pod in the same form. */

/** Ready at the start, which may take so many seconds, and alive from then on. `port` is a parameter. */
export const startupAndLiveness = (port: string, seconds: number) => ({
  startupProbe: {
    httpGet: { path: '/readyz', port },
    periodSeconds: 1,
    failureThreshold: seconds,
  },
  ...liveness(port),
});

/** Gives a process two minutes: one that only waits for a slow disk must not be killed. */
export const liveness = (port: string) => ({
  livenessProbe: {
    httpGet: { path: '/livez', port },
    periodSeconds: 20,
    timeoutSeconds: 5,
    failureThreshold: 6,
  },
});

/** The profile's own volume, as the application has it. */
export const OWN_VOLUME_MOUNT = {
  name: 'pillion-${instance}',
  mountPath: '${mount}',
  readOnly: true,
} as const;

export const TEMPORARY_VOLUME = { name: 'pillion-${instance}-tmp', emptyDir: { sizeLimit: '64Mi' } } as const;
export const TEMPORARY_MOUNT = { name: 'pillion-${instance}-tmp', mountPath: '/tmp' } as const;

const ofSecret = (when: readonly string[]) => ({
  $when: when.length === 0 ? 'secret' : ['secret', ...when],
  name: 'pillion-${instance}-secret',
});

/** The Secret of the parameter of this name, where it is given and `when` holds as well. */
export const secretVolume = (...when: readonly string[]) => ({
  ...ofSecret(when),
  secret: { secretName: '${secret}' },
});
export const secretMount = (mountPath: string, ...when: readonly string[]) => ({
  ...ofSecret(when),
  mountPath,
  readOnly: true,
});
