import type { ProfileSource } from '../profiles/source.ts';
import {
  OWN_VOLUME_MOUNT,
  secretMount,
  secretVolume,
  startupAndLiveness,
  TEMPORARY_MOUNT,
  TEMPORARY_VOLUME,
} from './parts.ts';

/** A cron sidecar whose jobs stand in a ConfigMap and write to a volume that the application reads. */
export const CRON: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'cron' },
  spec: {
    description: 'Jobs on schedule next to the application, with a volume that both see.',
    parameters: {
      configmap: { type: 'name', required: true, description: 'ConfigMap with the crontab and its scripts.' },
      file: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*',
        maxLength: 100,
        default: 'crontab',
        description: 'Key of the crontab in the ConfigMap.',
      },
      mount: {
        type: 'path',
        default: '/shared',
        description: 'Where the application finds the shared volume.',
      },
      size: {
        type: 'quantity',
        min: '1Mi',
        max: '1Ti',
        default: '64Mi',
        description: 'Room on the shared volume.',
      },
      secret: { type: 'name', description: 'Secret that the jobs find below /secret.' },
      tz: {
        type: 'string',
        pattern: '[A-Za-z][A-Za-z0-9_+/-]*',
        maxLength: 64,
        default: 'UTC',
        description: 'Time zone of the schedules, e.g. Europe/Berlin.',
      },
      memory: {
        type: 'quantity',
        min: '64Mi',
        max: '4Gi',
        default: '128Mi',
        description: 'Memory limit of the sidecar with its jobs.',
      },
      port: {
        type: 'port',
        default: 9760,
        description: 'Where /readyz, /status and /metrics are served; further instances count on.',
      },
    },
    role: 'sidecar',
    phase: 'before',
    container: {
      name: 'pillion-${instance}',
      image: '${image}',
      command: ['tini', '--', 'pillion'],
      args: ['cron', '--tz=${tz}', '--http-bind=:${port}', '/jobs/${file}'],
      env: [
        { name: 'SHARED', value: '/shared' },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      ports: [{ name: 'p-${port}', containerPort: '${port}' }],
      ...startupAndLiveness('${port}', 60),
      resources: { limits: { memory: '${memory}' } },
      volumeMounts: [
        { name: 'pillion-${instance}', mountPath: '/shared' },
        TEMPORARY_MOUNT,
        { name: 'pillion-${instance}-jobs', mountPath: '/jobs', readOnly: true },
        secretMount('/secret'),
      ],
    },
    volumes: [
      { name: 'pillion-${instance}', emptyDir: { medium: 'Memory', sizeLimit: '${size}' } },
      TEMPORARY_VOLUME,
      { name: 'pillion-${instance}-jobs', configMap: { name: '${configmap}' } },
      secretVolume(),
    ],
    mounts: [OWN_VOLUME_MOUNT],
    into: 'all',
  },
};
