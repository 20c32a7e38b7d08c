import type { ProfileSource } from '../profiles/source.ts';
import {
  OWN_VOLUME_MOUNT,
  secretMount,
  secretVolume,
  startupAndLiveness,
  TEMPORARY_MOUNT,
  TEMPORARY_VOLUME,
} from './parts.ts';

const ARGUMENTS = [
  'git-sync',
  '--repo=${repo}',
  '--ref=${ref}',
  '--root=/git',
  '--link=${link}',
  '--submodules=${submodules}',
  { $when: 'depth', $value: '--depth=${depth}' },
  { $when: ['secret', 'auth=ssh'], $value: '--ssh-key-file=/etc/git-secret/ssh' },
  { $when: ['secret', 'auth=ssh'], $value: '--ssh-known-hosts-file=/etc/git-secret/known_hosts' },
  { $when: ['secret', 'auth=https'], $value: '--password-file=/etc/git-secret/password' },
];

/** A repository next to the application, which starts when the first sync is done. */
export const GIT_SYNC: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'git-sync' },
  spec: {
    description: 'A git repository checked out next to the application, which starts after the first sync.',
    parameters: {
      repo: {
        type: 'url',
        schemes: ['https', 'http', 'ssh', 'git'],
        scp: true,
        required: true,
        description: 'The repository.',
      },
      ref: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_./@+-]*',
        default: 'HEAD',
        description: 'Branch, tag or commit.',
      },
      mount: { type: 'path', default: '/git', description: 'Where the application finds the volume.' },
      link: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*',
        maxLength: 100,
        default: 'current',
        description: 'Name of the link below the mount that leads to the commit.',
      },
      period: {
        type: 'duration',
        min: '1s',
        max: '24h',
        default: '30s',
        description: 'How often the repository is asked.',
      },
      depth: { type: 'integer', min: 1, max: 1_000_000, description: 'Only so many commits of history.' },
      submodules: {
        type: 'choice',
        choices: ['recursive', 'shallow', 'off'],
        default: 'recursive',
        description: 'Whether submodules are checked out too.',
      },
      secret: {
        type: 'name',
        description: 'Secret with username and password (auth=https), or ssh and known_hosts (auth=ssh).',
      },
      auth: {
        type: 'choice',
        choices: ['https', 'ssh'],
        default: 'https',
        description: 'What the Secret holds.',
      },
      size: {
        type: 'quantity',
        min: '1Mi',
        max: '1Ti',
        default: '1Gi',
        description: 'Room for the checkout.',
      },
      memory: {
        type: 'quantity',
        min: '64Mi',
        max: '4Gi',
        default: '128Mi',
        description: 'Memory limit of the sidecar.',
      },
      port: {
        type: 'port',
        default: 9740,
        description: 'Where /readyz, /status and /metrics are served; further instances count on.',
      },
    },
    role: 'sidecar',
    phase: 'before',
    container: {
      name: 'pillion-${instance}',
      image: '${image}',
      command: ['tini', '--', 'pillion'],
      args: [
        ...ARGUMENTS,
        '--period=${period}',
        '--max-failures=-1',
        '--http-bind=:${port}',
        '--http-metrics',
      ],
      env: [
        {
          $when: ['secret', 'auth=https'],
          name: 'GITSYNC_USERNAME',
          valueFrom: { secretKeyRef: { name: '${secret}', key: 'username' } },
        },
      ],
      ports: [{ name: 'p-${port}', containerPort: '${port}' }],
      ...startupAndLiveness('${port}', 600),
      resources: { limits: { memory: '${memory}' } },
      volumeMounts: [
        { name: 'pillion-${instance}', mountPath: '/git' },
        TEMPORARY_MOUNT,
        secretMount('/etc/git-secret'),
      ],
    },
    once: { args: [...ARGUMENTS, '--one-time'] },
    volumes: [
      { name: 'pillion-${instance}', emptyDir: { sizeLimit: '${size}' } },
      TEMPORARY_VOLUME,
      secretVolume(),
    ],
    mounts: [OWN_VOLUME_MOUNT],
    into: 'all',
  },
};
