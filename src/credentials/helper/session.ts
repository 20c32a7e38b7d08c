import type { LoginTarget } from '../reload/protocol.ts';

/** A connection that has logged in. */
export interface Session {
  /** What the server said of itself at login: `server_version`, `pgbouncer.version`. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Rows of a statement, by column name. */
  rows(statement: string): Promise<Readonly<Record<string, unknown>>[]>;
}

/** The one function of the PostgreSQL client that is needed. */
export type WithLogin = <T>(target: LoginTarget, work: (session: Session) => Promise<T>) => Promise<T>;
