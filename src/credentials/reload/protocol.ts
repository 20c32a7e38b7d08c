/** What the program and its helper process say to each other about PostgreSQL and pgbouncer, as JSON over pipes. */

export interface LoginTarget {
  /** A host name or address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly database: string;
  /** Present: TLS with a verified certificate. */
  readonly tls?: { readonly caFile?: string | undefined } | undefined;
  /** For the login and for each statement, milliseconds. */
  readonly timeoutMs: number;
}

/** Looks at a pgbouncer through its console, and reloads it and proves it if that is asked for. */
export interface PgbouncerRequest {
  readonly console: LoginTarget;
  readonly reload: boolean;
  /** A login with the new credential; its database '' means the first that the console lists for that user. */
  readonly proof?: LoginTarget | undefined;
}

const STEPS = ['console', 'reload', 'login', 'proof'] as const;
/**
 * `stood in`: the console's user logged in over a new server connection, since the credential is too long for pgbouncer to
 * check a client by it; `too long`: for the same reason nobody did.
 */
const PROOFS = ['proved', 'stood in', 'not asked', 'no database', 'too long'] as const;
export type Proof = (typeof PROOFS)[number];

/** Where something failed, and what the system or the server said. */
export interface Failure {
  readonly step: (typeof STEPS)[number];
  readonly code: string;
  readonly message: string;
}

export interface HelperReply {
  /** `1.24.1`; '' when not known. */
  readonly version: string;
  /** pgbouncer's auth_type; '' when not known. */
  readonly authType: string;
  /** What was found out about the new credential. */
  readonly proof: Proof;
  readonly failure?: Failure | undefined;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}

/** A reply as it came; whatever it lacks is not known. */
export function parseReply(value: unknown): HelperReply {
  const failure = field(value, 'failure');
  const step = STEPS.find((one) => one === field(failure, 'step'));
  return {
    version: text(value, 'version'),
    authType: text(value, 'authType'),
    proof: PROOFS.find((one) => one === field(value, 'proof')) ?? 'not asked',
    failure:
      step === undefined
        ? undefined
        : { step, code: text(failure, 'code'), message: text(failure, 'message') },
  };
}
