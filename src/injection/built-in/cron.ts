import type { ProfileSource } from '../profiles/source.ts';

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
      startupProbe: {
        httpGet: { path: '/readyz', port: '${port}' },
        periodSeconds: 1,
        failureThreshold: 60,
      },
      livenessProbe: {
        httpGet: { path: '/livez', port: '${port}' },
        periodSeconds: 20,
        timeoutSeconds: 5,
        failureThreshold: 6,
      },
      resources: { limits: { memory: '${memory}' } },
      volumeMounts: [
        { name: 'pillion-${instance}', mountPath: '/shared' },
        { name: 'pillion-${instance}-tmp', mountPath: '/tmp' },
        { name: 'pillion-${instance}-jobs', mountPath: '/jobs', readOnly: true },
        { $when: 'secret', name: 'pillion-${instance}-secret', mountPath: '/secret', readOnly: true },
      ],
    },
    volumes: [
      { name: 'pillion-${instance}', emptyDir: { medium: 'Memory', sizeLimit: '${size}' } },
      { name: 'pillion-${instance}-tmp', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'pillion-${instance}-jobs', configMap: { name: '${configmap}' } },
      { $when: 'secret', name: 'pillion-${instance}-secret', secret: { secretName: '${secret}' } },
    ],
    mounts: [{ name: 'pillion-${instance}', mountPath: '${mount}', readOnly: true }],
    into: 'all',
  },
};
