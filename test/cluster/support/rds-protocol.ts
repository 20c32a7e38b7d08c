/** What the tests and the program in the pod both know of each other. */
export const PORTS = { ldap: 1389, sts: 8080, control: 8081, postgres: 5432 } as const;

export const REGION = 'eu-west-1';
/** Of the Service, which is STS, too. */
export const RDS_SERVICE = 'rds';

/** A login that the database asked about. */
export interface Login {
  readonly user: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Why it was refused. */
  readonly refusal?: string;
}

export interface RdsState {
  /** How often STS was asked for a session, with or without an answer. */
  readonly questions: number;
  readonly logins: readonly Login[];
}
