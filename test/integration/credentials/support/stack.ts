/** Everything behind one application: AWS, the database with RDS's authentication, and a pgbouncer. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { giveToServer } from '../../../support/postgres/as-postgres.ts';
import { type AwsEndpoints, startAwsEndpoints } from '../../../support/postgres/aws-endpoints.ts';
import { type Bind, startLdapServer } from '../../../support/postgres/ldap-server.ts';
import {
  ADMIN,
  adminLine,
  type Pgbouncer,
  type PgbouncerOptions,
  startPgbouncer,
} from '../../../support/postgres/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../../../support/postgres/postgres-server.ts';
import { createRdsVerifier, type RdsVerifier } from '../../../support/postgres/rds-verifier.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';

const RDS_HOST = 'orders.c1a2b3.eu-west-1.rds.amazonaws.com';
const RDS_PORT = 5432;
export const REGION = 'eu-west-1';
/** The database user of the tokens, and one with a password of its own in the userlist, as an application has it. */
export const IAM_USER = 'app_iam';
export const CLIENT = { user: 'django', password: 'static-password' } as const;

export interface Backend {
  readonly verifier: RdsVerifier;
  readonly aws: AwsEndpoints;
  readonly postgres: PostgresServer;
  /** Why logins were refused, in order. */
  readonly refusals: string[];
  /** Names of users that were let in, in order. */
  readonly accepted: string[];
  /** Holds the token of Pod Identity and the admin's password. */
  readonly directory: string;
  readonly tokenFile: string;
  readonly adminPasswordFile: string;
  /** How long each login to the database takes from now on. */
  setLoginDelay(ms: number): void;
  stop(): Promise<void>;
}

const POD_TOKEN = 'pod-identity-token';

export interface StackOptions {
  readonly maxAgeMs?: number;
  readonly lifeMs?: number;
}

/** Bytes of the session token of a role with a long name and some tags, as EKS gives it: RDS tokens have 1,400 then. */
export const LONG_SESSION = 1000;

/** One for a test file: a database takes a second or two to start. */
export async function startBackend(options: StackOptions = {}): Promise<Backend> {
  const { maxAgeMs = 900_000, lifeMs = 3_600_000 } = options;
  const verifier = createRdsVerifier({ endpoint: `${RDS_HOST}:${RDS_PORT}`, region: REGION, maxAgeMs });
  const refusals: string[] = [];
  const accepted: string[] = [];
  let loginDelayMs = 0;
  const judge = ({ name, password }: Bind): boolean => {
    const user = /^cn=(.*),dc=rds$/.exec(name)?.[1] ?? '';
    const refusal = verifier.refusal(user, password);
    if (refusal === undefined) {
      accepted.push(user);
    } else {
      refusals.push(refusal);
    }
    return refusal === undefined;
  };
  const ldap = await startLdapServer(judge, {}, () => loginDelayMs);
  const aws = await startAwsEndpoints({ keys: verifier.keys, token: POD_TOKEN, lifeMs });
  const postgres = await startPostgres({ ldapPort: ldap.port, users: [IAM_USER, 'other_iam'] });
  const directory = await makeTempDir('pillion-credentials-');
  const tokenFile = path.join(directory, 'pod-token');
  await writeFile(tokenFile, POD_TOKEN);
  const adminPasswordFile = path.join(directory, 'admin-password');
  await writeFile(adminPasswordFile, `${ADMIN.password}\n`);
  return {
    verifier,
    aws,
    postgres,
    refusals,
    accepted,
    directory,
    tokenFile,
    adminPasswordFile,
    setLoginDelay(ms) {
      loginDelayMs = ms;
    },
    async stop() {
      await postgres.stop();
      await ldap.stop();
      await aws.stop();
      await removeTempDir(directory);
    },
  };
}

export interface Volume {
  readonly path: string;
  readonly usersFile: string;
  remove(): Promise<void>;
}

/** A shared volume with the userlist that pgbouncer starts with: the admin, the client, and the database's superuser. */
export async function makeVolume(
  users = `${adminLine}"${CLIENT.user}" "${CLIENT.password}"\n`,
): Promise<Volume> {
  const top = await makeTempDir('pillion-volume-');
  await chmod(top, 0o755);
  const directory = path.join(top, 'shared');
  await mkdir(directory);
  await chmod(directory, 0o755);
  const usersFile = path.join(directory, 'users.txt');
  await writeFile(usersFile, users, { mode: 0o640 });
  await chmod(usersFile, 0o640);
  giveToServer(usersFile);
  return { path: directory, usersFile, remove: () => removeTempDir(top) };
}

export function startPool(
  backend: Backend,
  volume: Volume,
  options: Partial<PgbouncerOptions> = {},
): Promise<Pgbouncer> {
  const serverPort = backend.postgres.port;
  return startPgbouncer({ serverPort, authFile: volume.usersFile, forcedUser: IAM_USER, ...options });
}

/** The configuration of the sidecar, as YAML (which JSON is). */
export function configuration(entry: Readonly<Record<string, unknown>>, settings: object = {}): string {
  const credential = {
    name: 'orders',
    provider: 'aws-rds',
    host: RDS_HOST,
    port: RDS_PORT,
    user: IAM_USER,
    'min-interval': '1s',
    ...entry,
  };
  return JSON.stringify({ 'http-bind': '127.0.0.1:0', ...settings, credentials: [credential] });
}

/** The reload by the console of a pgbouncer, with its admin. */
export function consoleReload(backend: Backend, pool: Pgbouncer): object {
  return {
    type: 'pgbouncer',
    address: `127.0.0.1:${pool.port}`,
    user: ADMIN.user,
    'password-file': backend.adminPasswordFile,
    database: 'app',
  };
}
