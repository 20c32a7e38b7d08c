/** The replicas and what stands before them. */
import { formatVersion } from '../../../kubernetes/version.ts';
import { ENVIRONMENT, HTTP_PORT, LABELS, type ManifestSettings, NAME, WEBHOOK_PORT } from './settings.ts';

/** Longer than the drain and what follows it. */
const GRACE_SECONDS = 30;

export function serverObjects(settings: ManifestSettings): object[] {
  const { namespace, replicas } = settings;
  const metadata = { name: NAME, namespace, labels: LABELS };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: LABELS, ports: [{ name: 'https', port: 443, targetPort: 'https' }] },
    },
    ...(replicas > 1
      ? [
          {
            apiVersion: 'policy/v1',
            kind: 'PodDisruptionBudget',
            metadata,
            spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } },
          },
        ]
      : []),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: LABELS },
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels: LABELS },
          spec: podSpec(settings),
        },
      },
    },
  ];
}

function podSpec(settings: ManifestSettings): object {
  const { profilesConfigMap } = settings;
  const hasProfiles = profilesConfigMap !== '';
  return {
    serviceAccountName: NAME,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: LABELS },
      },
    ],
    containers: [containerOf(settings)],
    ...(hasProfiles && {
      volumes: [{ name: 'profiles', configMap: { name: profilesConfigMap, optional: true } }],
    }),
  };
}

function containerOf(settings: ManifestSettings): object {
  const { image, imagePullPolicy, target, scan, args, profilesConfigMap } = settings;
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, periodSeconds: 5 });
  const hasProfiles = profilesConfigMap !== '';
  return {
    name: 'injector',
    image,
    imagePullPolicy,
    command: ['tini', '--', 'pillion'],
    args: [
      'injector',
      `--bind=:${WEBHOOK_PORT}`,
      `--http-bind=:${HTTP_PORT}`,
      `--image=${image}`,
      `--kubernetes=${formatVersion(target)}`,
      ...(hasProfiles ? ['--profiles=/profiles'] : []),
      ...(scan ? [] : ['--scan-period=0s']),
      ...args,
    ],
    env: Object.entries(ENVIRONMENT).map(([name, value]) => ({ name, value })),
    ports: [
      { name: 'https', containerPort: WEBHOOK_PORT },
      { name: 'http', containerPort: HTTP_PORT },
    ],
    startupProbe: { ...probe('/livez'), periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { ...probe('/readyz'), failureThreshold: 1 },
    livenessProbe: { ...probe('/livez'), failureThreshold: 6, timeoutSeconds: 5 },
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    ...(hasProfiles && { volumeMounts: [{ name: 'profiles', mountPath: '/profiles', readOnly: true }] }),
  };
}
