import { bundled } from './bundled.ts';
import { selfSigned } from './certificate.ts';
import { resolveName } from './dns.ts';
import { imageUnderTest } from './environment.ts';
import { httpGet, type TestNamespace } from './namespace.ts';
import { restrictedContainer } from './pods.ts';
import { type Login, PORTS, RDS_SERVICE, type RdsState, REGION } from './rds-protocol.ts';
import { podOf } from './workloads.ts';

/** As the manifests of examples/003-credentials have it. */
export const RDS_HOST = 'orders.c1a2b3.eu-west-1.rds.amazonaws.com';
const NAME = RDS_SERVICE;
const LABELS = { app: NAME };
/** Of the image of PostgreSQL. */
const USER = 70;

/** A database with RDS's authentication that all pods know by RDS's name, and STS for the service accounts. */
export interface Rds {
  state(): Promise<RdsState>;
  loginsOf(user: string): Promise<readonly Login[]>;
  /** STS answers with this status from now on; 0 is the usual answer. */
  failSts(status: number): Promise<void>;
  /** STS refuses this service account, or does not any more. */
  deny(account: string): Promise<void>;
  allow(account: string): Promise<void>;
}

interface RdsInit {
  /** PostgreSQL. */
  readonly image: string;
  /** How long sessions live, and so the tokens that are made with them. */
  readonly lifeMs: number;
  /** Users of the database that log in with tokens. */
  readonly users: readonly string[];
  /** Its name. Only one of the tests that run at the same time may have it. Default `RDS_HOST`. */
  readonly host?: string;
}

/** A certificate that is its own authority, as PEM: `rds-ca` for clients, a Secret for the server. */
async function certificates(host: string): Promise<object[]> {
  const { key, certificate: pem } = await selfSigned(host);
  const stringData = { 'tls.key': key, 'tls.crt': pem };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME }, stringData },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'rds-ca' },
      data: { 'global-bundle.pem': pem },
    },
  ];
}

/** Everybody but the superuser on the socket logs in over TLS with what the verifier takes. */
const ACCESS = [
  'local all all trust',
  `hostssl all all all ldap ldapserver=127.0.0.1 ldapport=${PORTS.ldap} ldapprefix="cn=" ldapsuffix=",dc=rds"`,
  '',
].join('\n');

function startScript(users: readonly string[]): string {
  const roles = users.map((user) => `CREATE ROLE "${user}" LOGIN;`);
  return `set -eu
programs=$(echo /usr/lib/postgresql/*/bin) data=/data/main
$programs/initdb -D $data --auth=trust --username=postgres --no-sync --encoding=UTF8 --locale=C >/dev/null
printf '%s\\n' '${[...roles, 'CREATE DATABASE orders;'].join("' '")}' | $programs/postgres --single -D $data postgres >/dev/null
cp /config/pg_hba.conf $data/pg_hba.conf
install -m 0600 /tls/tls.key $data/server.key
install -m 0644 /tls/tls.crt $data/server.crt
exec $programs/postgres -D $data -c listen_addresses='*' -c unix_socket_directories=/data -c ssl=on -c fsync=off \\
  -c max_connections=200 -c shared_buffers=16MB
`;
}

function pod(image: string, args: readonly string[]) {
  const mount = (name: string, mountPath: string) => ({ name, mountPath, readOnly: true });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, labels: LABELS },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'verifier',
          image: imageUnderTest(),
          imagePullPolicy: 'Never',
          command: ['node', '/config/rds.mjs', ...args],
          readinessProbe: { tcpSocket: { port: PORTS.control }, periodSeconds: 1, timeoutSeconds: 30 },
          securityContext: restrictedContainer,
          volumeMounts: [mount('config', '/config')],
        },
        {
          name: 'postgres',
          image,
          imagePullPolicy: 'Never',
          command: ['bash', '/config/start'],
          readinessProbe: {
            exec: { command: ['psql', '-h', '/data', '-U', 'postgres', '-c', 'SELECT 1', 'orders'] },
            periodSeconds: 1,
            timeoutSeconds: 30,
          },
          securityContext: restrictedContainer,
          volumeMounts: [
            mount('config', '/config'),
            mount('tls', '/tls'),
            { name: 'data', mountPath: '/data' },
          ],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: NAME } },
        { name: 'tls', secret: { secretName: NAME } },
        { name: 'data', emptyDir: {} },
      ],
    },
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: NAME },
  spec: {
    selector: LABELS,
    // A probe that is late on a busy node takes nothing away.
    publishNotReadyAddresses: true,
    ports: [
      { name: 'postgres', port: PORTS.postgres },
      { name: 'sts', port: 80, targetPort: PORTS.sts },
    ],
  },
};

/** Starts it, and resolves when it can be logged in to; call it in `beforeAll`. */
export async function startRds(
  namespace: TestNamespace,
  { image, lifeMs, users, host = RDS_HOST }: RdsInit,
): Promise<Rds> {
  const subject = `system:serviceaccount:${namespace.name}:`;
  const args = [`${host}:${PORTS.postgres}`, REGION, String(lifeMs), subject];
  const data = { 'rds.mjs': await bundled('rds'), 'pg_hba.conf': ACCESS, start: startScript(users) };
  await namespace.apply([
    ...(await certificates(host)),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data },
    service,
    pod(image, args),
  ]);
  await resolveName(host, await namespace.get(`service/${NAME}`, '.spec.clusterIP'));
  await namespace.waitFor(`pod/${NAME}`, { until: 'condition=Ready' });
  const { ip } = await podOf(namespace, NAME);
  const control = async (path: string): Promise<RdsState> => {
    const { status, body } = await httpGet(`http://${ip}:${PORTS.control}${path}`);
    if (status !== 200) {
      throw new Error(`the verifier answered ${status}: ${body}`);
    }
    return JSON.parse(body) as RdsState;
  };
  return {
    state: () => control('/'),
    loginsOf: async (user) => (await control('/')).logins.filter((login) => login.user === user),
    failSts: async (status) => void (await control(`/fail?status=${status}`)),
    deny: async (account) => void (await control(`/deny?name=${account}`)),
    allow: async (account) => void (await control(`/allow?name=${account}`)),
  };
}
