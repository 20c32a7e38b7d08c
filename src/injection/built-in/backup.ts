import type { ProfileSource } from '../profiles/source.ts';
import { liveness, secretMount, secretVolume, TEMPORARY_MOUNT } from './parts.ts';

/** What both containers have to know; the same names in both profiles, so that their annotations look alike. */
const PLACE_PARAMETERS = {
  volume: {
    type: 'name',
    required: true,
    description: 'Name of the volume of the pod that is kept: an entry of its spec.volumes.',
  },
  repository: {
    type: 'string',
    pattern: '(?:/|[a-z][a-z0-9+]*:)[A-Za-z0-9._~:/@#%=+-]+',
    maxLength: 500,
    required: true,
    description:
      'Where the backups are: s3:https://HOST/BUCKET/PREFIX, rest:https://HOST/, git+ssh://HOST/PATH#BRANCH, ... Without a password.',
  },
  name: {
    type: 'string',
    pattern: '[A-Za-z0-9][A-Za-z0-9._@:-]*',
    maxLength: 100,
    description:
      "Name of the volume in its repository; volumes that share one need different ones. Default: the volume's name in the pod.",
  },
  secret: {
    type: 'name',
    description:
      'Secret for the repository. auth=variables: RESTIC_PASSWORD, AWS_ACCESS_KEY_ID and what else restic reads; auth=ssh: ssh and known_hosts.',
  },
  auth: {
    type: 'choice',
    choices: ['variables', 'ssh'],
    default: 'variables',
    description: 'What the Secret holds.',
  },
  memory: {
    type: 'quantity',
    min: '128Mi',
    max: '16Gi',
    default: '512Mi',
    description: 'Memory limit of the container; restic needs more for larger volumes.',
  },
  tmp: {
    type: 'quantity',
    min: '64Mi',
    max: '1Ti',
    default: '2Gi',
    description:
      'Room for caches and temporary files; a backup in git needs as much as the volume compressed.',
  },
} satisfies ProfileSource['spec']['parameters'];

const PLACE_ARGUMENTS = [
  '--volume=/data',
  '--repository=${repository}',
  { $when: 'name', $value: '--name=${name}' },
  { $when: '!name', $value: '--name=${volume}' },
  { $when: ['secret', 'auth=ssh'], $value: '--ssh-key-file=/secret/ssh' },
  { $when: ['secret', 'auth=ssh'], $value: '--ssh-known-hosts-file=/secret/known_hosts' },
];

/** The same as variables, for who runs a command by hand in the container: `pillion backup now`, `pillion restore --plan`. */
const PLACE_VARIABLES = [
  { name: 'PILLION_BACKUP_VOLUME', value: '/data' },
  { name: 'PILLION_BACKUP_REPOSITORY', value: '${repository}' },
  { $when: 'name', name: 'PILLION_BACKUP_NAME', value: '${name}' },
  { $when: '!name', name: 'PILLION_BACKUP_NAME', value: '${volume}' },
  { $when: ['secret', 'auth=ssh'], name: 'PILLION_BACKUP_SSH_KEY_FILE', value: '/secret/ssh' },
  {
    $when: ['secret', 'auth=ssh'],
    name: 'PILLION_BACKUP_SSH_KNOWN_HOSTS_FILE',
    value: '/secret/known_hosts',
  },
];

const PLACE = {
  envFrom: [{ $when: ['secret', 'auth=variables'], secretRef: { name: '${secret}' } }],
  volumeMounts: [
    { name: '${volume}', mountPath: '/data' },
    TEMPORARY_MOUNT,
    secretMount('/secret', 'auth=ssh'),
  ],
  resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '${memory}' } },
};

const VOLUMES = [
  { name: 'pillion-${instance}-tmp', emptyDir: { sizeLimit: '${tmp}' } },
  secretVolume('auth=ssh'),
];

/** A volume that is restored before the application starts, when it is empty, half restored or damaged. */
export const RESTORE: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'restore' },
  spec: {
    description:
      'A volume of the pod is restored from its backup before the application starts, when it is empty or damaged; while the repository cannot be asked, the pod waits.',
    parameters: {
      ...PLACE_PARAMETERS,
      'on-missing': {
        type: 'choice',
        choices: ['fail', 'allow'],
        default: 'fail',
        description:
          'Whether the application may start on an empty volume when the repository surely has no backup of it: for the very first start.',
      },
      require: {
        type: 'string',
        pattern: '[A-Za-z0-9._][A-Za-z0-9._/-]*',
        maxLength: 500,
        description: 'A path below the volume that a good one has.',
      },
      timeout: {
        type: 'duration',
        min: '0s',
        max: '168h',
        default: '10m',
        description: 'How long one attempt waits for a repository that cannot be asked.',
      },
    },
    role: 'init',
    phase: 'before',
    container: {
      name: 'pillion-${instance}',
      image: '${image}',
      command: ['tini', '--', 'pillion'],
      args: [
        'restore',
        ...PLACE_ARGUMENTS,
        '--on-missing=${on-missing}',
        '--timeout=${timeout}',
        { $when: 'require', $value: '--require=${require}' },
      ],
      ...PLACE,
    },
    volumes: VOLUMES,
  },
};

const keep = (which: string) =>
  ({
    type: 'integer',
    min: 1,
    max: 10_000,
    description: `Keep the last backup of each of so many ${which}. Without any such rule nothing is removed.`,
  }) satisfies NonNullable<ProfileSource['spec']['parameters']>[string];

/** The same volume, stored on schedule alongside the application, and once more after its end. */
export const BACKUP: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'backup' },
  spec: {
    description:
      'A volume of the pod is backed up on schedule and after the application has stopped. Ask for restore, backup, in this order.',
    parameters: {
      ...PLACE_PARAMETERS,
      'run-at': {
        type: 'string',
        pattern: '(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?:,(?:[01]?[0-9]|2[0-3]):[0-5][0-9])*',
        maxLength: 200,
        default: '02:30',
        description: 'Time of day, or several with commas.',
      },
      schedule: {
        type: 'string',
        pattern: '[A-Za-z0-9@*][A-Za-z0-9@*/,# -]*',
        maxLength: 100,
        description: 'When, as in a crontab, in place of run-at: @hourly, */30 * * * *.',
      },
      tz: {
        type: 'string',
        pattern: '[A-Za-z][A-Za-z0-9_+/-]*',
        maxLength: 64,
        default: 'UTC',
        description: 'Time zone of the schedule, e.g. Europe/Berlin.',
      },
      'on-stop': {
        type: 'boolean',
        default: true,
        description: 'One more backup after the application has stopped.',
      },
      grace: {
        type: 'duration',
        min: '1s',
        max: '24h',
        default: '20s',
        description: "How long that may take: less than the pod's terminationGracePeriodSeconds.",
      },
      'keep-daily': keep('days'),
      'keep-weekly': keep('weeks'),
      'keep-monthly': keep('months'),
      port: {
        type: 'port',
        default: 9790,
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
        'backup',
        ...PLACE_ARGUMENTS,
        { $when: '!schedule', $value: '--run-at=${run-at}' },
        { $when: 'schedule', $value: '--schedule=${schedule}' },
        '--tz=${tz}',
        '--on-stop=${on-stop}',
        '--grace=${grace}',
        { $when: 'keep-daily', $value: '--keep-daily=${keep-daily}' },
        { $when: 'keep-weekly', $value: '--keep-weekly=${keep-weekly}' },
        { $when: 'keep-monthly', $value: '--keep-monthly=${keep-monthly}' },
        '--http-bind=:${port}',
        '--http-metrics',
      ],
      env: PLACE_VARIABLES,
      ports: [{ name: 'p-${port}', containerPort: '${port}' }],
      ...liveness('${port}'),
      ...PLACE,
    },
    volumes: VOLUMES,
  },
};
