/** What the parts of `pillion credentials` hand to each other. All times are milliseconds since the epoch. */

/** One login of a database, as a source gives it. */
export interface Credential {
  readonly username: string;
  /** A password or a token: the secret. */
  readonly password: string;
  /** When it was made or begins to count, by the source's word or else when it was asked for. */
  readonly issuedAt: number;
  /** When servers stop taking it for new logins; undefined when no end is known. */
  readonly expiresAt: number | undefined;
}

/** Where the database is, for outputs that say so and for test logins. Empty strings are not known. */
export interface Endpoint {
  readonly host: string;
  /** 0 is not known. */
  readonly port: number;
  readonly database: string;
}

/** What a source said. */
export interface Answer {
  readonly credential: Credential;
  /** This machine's clock minus the source's, where the source gave its time. */
  readonly clockSkewMs?: number | undefined;
}

/** Where credentials come from. */
export interface Source {
  /**
   * Asks once; retrying, spacing and the time limit are the caller's.
   * @throws PillionError that names the source, never a secret
   */
  ask(signal: AbortSignal): Promise<Answer>;
  /** Calls `changed` whenever the source may have something new before the credential ends; ends with the signal. */
  watch?(changed: () => void, signal: AbortSignal): Promise<void>;
  /** Gives back what was lent (a lease), best effort. */
  close?(signal: AbortSignal): Promise<void>;
}
