/** Which login proves that a pgbouncer took a credential. Pure. */
import type { LoginTarget, Proof } from '../reload/protocol.ts';
import { scramLimit } from '../reload/versions.ts';

/** With these a client logs in whatever its password is: a login proves nothing by itself. */
const AUTH_WITHOUT_PASSWORD = new Set(['trust', 'any']);
/** With these it may be SCRAM that checks a client; unknown ('') with a console that does not tell. */
const AUTH_MAYBE_SCRAM = new Set(['scram-sha-256', 'hba', '']);

export const asksForNoPassword = (authType: string): boolean => AUTH_WITHOUT_PASSWORD.has(authType);

export interface PgbouncerFacts {
  /** '' when not known. */
  readonly version: string;
  /** '' when not known. */
  readonly authType: string;
  /** Whether RELOAD has renewed its server connections already. */
  readonly isRenewed: boolean;
  /** Rows of SHOW DATABASES. */
  readonly databases: readonly Readonly<Record<string, unknown>>[];
}

export type ProofPlan =
  | { readonly result: 'not asked' | 'no database' | 'too long' }
  | {
      readonly result: 'proved' | 'stood in';
      readonly login: LoginTarget;
      /** Whether server connections are to be renewed first, for the login to prove anything. */
      readonly needsReconnect: boolean;
      /** What a refusal of the client itself comes to, where it may be for the length of the password alone. */
      readonly otherwise?: Proof;
    };

/**
 * The login of the credential itself, where pgbouncer can check it. Before 1.25 SCRAM ends at 1,024 bytes: then the user
 * of the console stands in, if it has a password and the database takes the credential's user for everybody.
 * @param proof its database '' means the first that takes this user's name to its server
 */
export function planProof(
  proof: LoginTarget | undefined,
  console: LoginTarget,
  { version, authType, isRenewed, databases }: PgbouncerFacts,
): ProofPlan {
  if (proof === undefined) {
    return { result: 'not asked' };
  }
  const named = proof.database === '' ? firstThatFits(databases, proof.user) : proof.database;
  if (named === undefined) {
    return { result: 'no database' };
  }
  const login = { ...proof, database: named };
  const isTooLong = Buffer.byteLength(proof.password ?? '') > scramLimit(version);
  if (!isTooLong || !AUTH_MAYBE_SCRAM.has(authType)) {
    return { result: 'proved', login, needsReconnect: asksForNoPassword(authType) && !isRenewed };
  }
  if (authType !== 'scram-sha-256') {
    return { result: 'proved', login, needsReconnect: false, otherwise: 'too long' };
  }
  const isForced = databases.some((row) => row['name'] === named && row['force_user'] === proof.user);
  return console.password !== undefined && isForced
    ? { result: 'stood in', login: { ...console, database: named }, needsReconnect: !isRenewed }
    : { result: 'too long' };
}

function firstThatFits(databases: PgbouncerFacts['databases'], user: string): string | undefined {
  const fits = ({ name, force_user: forced }: Readonly<Record<string, unknown>>): boolean =>
    name !== 'pgbouncer' && (forced === null || forced === '' || forced === user);
  const name = databases.find(fits)?.['name'];
  return typeof name === 'string' ? name : undefined;
}

/** A client that pgbouncer itself turned away by SCRAM; what its server said is about something else. */
export function isScramRefusal(message: string): boolean {
  return message === 'SASL authentication failed';
}
