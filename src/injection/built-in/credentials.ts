import type { ProfileSource } from '../profiles/source.ts';
import { OWN_VOLUME_MOUNT, secretMount, secretVolume, startupAndLiveness } from './parts.ts';

const SOURCE = [
  'credentials',
  '--provider=${provider}',
  '--host=${host}',
  '--port=${port}',
  '--user=${user}',
  { $when: 'database', $value: '--database=${database}' },
  { $when: 'region', $value: '--region=${region}' },
];
const OUTPUT = [
  {
    $when: ['output=pgbouncer', '!secret'],
    $value: '--output=pgbouncer=/shared/${file},mode=${mode}',
  },
  {
    $when: ['output=pgbouncer', 'secret'],
    $value:
      '--set=outputs=[{format: pgbouncer, path: "/shared/${file}", mode: "${mode}", include: /secret/users.txt}]',
  },
  // libpq takes no file that others may read.
  { $when: 'output=pgpass', $value: '--output=pgpass=/shared/${file}' },
  {
    $when: ['output!=pgbouncer', 'output!=pgpass'],
    $value: '--output=${output}=/shared/${file},mode=${mode}',
  },
];
const ON_SOCKET = ['output=pgbouncer', 'reload=socket'];
const RELOAD = [
  { $when: ON_SOCKET, $value: '--reload=pgbouncer=/run/pgbouncer/.s.PGSQL.${pgbouncer-port}' },
  {
    $when: ['output=pgbouncer', 'reload=console', 'secret'],
    $value:
      '--set=reload=[{type: pgbouncer, address: "127.0.0.1:${pgbouncer-port}", user: "${admin}", password-file: /secret/admin-password}]',
  },
];

/** A short-lived password next to the application and its pgbouncer, which start when it is there. */
export const CREDENTIALS: ProfileSource = {
  apiVersion: 'pillion.dev/v1',
  kind: 'InjectionProfile',
  metadata: { name: 'credentials' },
  spec: {
    description:
      'A short-lived database password, kept fresh in a file that pgbouncer or the application reads; they start when it is there.',
    parameters: {
      provider: {
        type: 'choice',
        choices: ['aws-rds', 'gcp', 'azure'],
        default: 'aws-rds',
        description: "Where the password comes from: the cloud, by the role of the pod's service account.",
      },
      host: {
        type: 'string',
        pattern: '[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?',
        maxLength: 253,
        required: true,
        description: 'Host of the database. For aws-rds the endpoint that RDS shows, never an alias.',
      },
      port: {
        type: 'integer',
        min: 1,
        max: 65_535,
        default: '5432',
        description: 'Port of the database.',
      },
      user: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.@+-]*',
        maxLength: 127,
        required: true,
        description: 'User of the database.',
      },
      database: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*',
        maxLength: 63,
        description: 'Database, for outputs that name one.',
      },
      region: {
        type: 'string',
        pattern: '[a-z]{2}[a-z0-9-]*[0-9]',
        maxLength: 32,
        description: 'Region of the instance, only for aws-rds; otherwise from the host.',
      },
      output: {
        type: 'choice',
        choices: ['pgbouncer', 'pgpass', 'pg-service', 'mysql', 'env', 'json', 'raw'],
        default: 'pgbouncer',
        description: 'What the file is: as the option --output names it.',
      },
      mount: {
        type: 'path',
        default: '/shared',
        description: 'Where the application finds the volume, which is in memory.',
      },
      file: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*',
        maxLength: 100,
        default: 'users.txt',
        description: 'Name of the file below the mount.',
      },
      mode: {
        type: 'choice',
        choices: ['0600', '0640', '0644'],
        default: '0640',
        description:
          "Mode of the file: 0640 is for readers in the pod's fsGroup, 0600 for those of the same user. Of pgpass always 0600.",
      },
      secret: {
        type: 'name',
        description:
          "Secret whose users.txt has pgbouncer's lines of the application's own users, and whose admin-password is that of reload=console.",
      },
      reload: {
        type: 'choice',
        choices: ['socket', 'console', 'none'],
        default: 'socket',
        description:
          'How pgbouncer is told: on its Unix socket (both run as the same user), on 127.0.0.1 as admin, or not at all. Only for output=pgbouncer.',
      },
      socket: {
        type: 'path',
        default: '/run/pgbouncer',
        description: 'Where pgbouncer puts its Unix socket (unix_socket_dir): a volume that both see.',
      },
      'pgbouncer-port': {
        type: 'integer',
        min: 1,
        max: 65_535,
        default: '6432',
        description: 'The port of pgbouncer (listen_port), which its Unix socket is named after, too.',
      },
      admin: {
        type: 'string',
        pattern: '[A-Za-z0-9_][A-Za-z0-9_.-]*',
        maxLength: 63,
        default: 'admin',
        description: "One of pgbouncer's admin_users, for reload=console.",
      },
      memory: {
        type: 'quantity',
        min: '128Mi',
        max: '4Gi',
        default: '192Mi',
        description: 'Memory limit of the sidecar; each question to AWS takes some 60 MiB for a moment.',
      },
      // `port` is the database's here, as in the options of the command.
      'http-port': {
        type: 'port',
        default: '9780',
        description: 'Where /readyz, /status and /metrics are served; further instances count on.',
      },
    },
    role: 'sidecar',
    // Ahead of other sidecars as well: pgbouncer may be one, and must not start without its file.
    phase: 'first',
    container: {
      name: 'pillion-${instance}',
      image: '${image}',
      command: ['tini', '--', 'pillion'],
      args: [...SOURCE, ...OUTPUT, ...RELOAD, '--http-bind=:${http-port}'],
      ports: [{ name: 'p-${http-port}', containerPort: '${http-port}' }],
      ...startupAndLiveness('${http-port}', 600),
      resources: { limits: { memory: '${memory}' } },
      volumeMounts: [
        { name: 'pillion-${instance}', mountPath: '/shared' },
        { $when: ON_SOCKET, name: 'pillion-${instance}-run', mountPath: '/run/pgbouncer' },
        secretMount('/secret'),
      ],
    },
    once: { args: [...SOURCE, ...OUTPUT, '--one-time'] },
    volumes: [
      { name: 'pillion-${instance}', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      {
        $when: ON_SOCKET,
        name: 'pillion-${instance}-run',
        emptyDir: { medium: 'Memory', sizeLimit: '1Mi' },
      },
      secretVolume(),
    ],
    mounts: [OWN_VOLUME_MOUNT, { $when: ON_SOCKET, name: 'pillion-${instance}-run', mountPath: '${socket}' }],
    into: 'all',
  },
};
