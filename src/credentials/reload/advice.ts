/** What the messages of pgbouncer and PostgreSQL mean here. Pure. */
import { loginAdvice } from '../providers/aws-rds/advice.ts';

/** Nothing listens: the program has not started yet, has ended, or is elsewhere. */
const ABSENT_CODES = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'ENOTFOUND']);

export function isAbsent(code: string): boolean {
  return ABSENT_CODES.has(code);
}

export const ABSENT_ADVICE =
  'check the address of the reload, and that it listens; a Unix socket must be on a volume of both containers';

/** Why the console let nobody in, or did not reload. */
export function consoleAdvice(message: string): string {
  if (/not allowed|no such user|password|authentication|auth failed/i.test(message)) {
    return 'give user and password-file of one of pgbouncer’s admin_users (reload needs an admin; the line of that user in the auth_file is kept); without a password only its own user on the Unix socket is let in';
  }
  return 'see pgbouncer’s log; it is tried again without a new token';
}

/** pgbouncer could not log in to the server; it says so on behalf of the server. */
const SERVER_REFUSED = /server login|login failed|PAM authentication|pg_hba|server_login_retry/i;

/** Why the new credential does not work through pgbouncer although it was reloaded. */
export function proofAdvice(message: string): string {
  const rds = loginAdvice(message);
  if (rds !== undefined) {
    return rds;
  }
  if (SERVER_REFUSED.test(message)) {
    return 'pgbouncer took the credential, and the database refuses it: see the database’s log. After a failed login pgbouncer waits server_login_retry (15 s) before it tries again';
  }
  return 'pgbouncer did not take the file: its auth_file must be this very path (no subPath mount), readable for its user (mode and group of the output), and every line in it sound; its log says "broken auth file" otherwise';
}

/** Why a database refuses a login. */
export function testLoginAdvice(message: string): string {
  const rds = loginAdvice(message);
  if (rds !== undefined) {
    return rds;
  }
  if (/certificate|self.signed|SSL|TLS/i.test(message)) {
    return 'give ca-file with the CA of the database (for RDS the bundle of its region)';
  }
  return 'see the database’s log: user, pg_hba.conf, database';
}
