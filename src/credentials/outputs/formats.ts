/** The kinds of files that can be written: what each makes of a credential. Pure. */
import { posix } from 'node:path';
import type { Credential, Endpoint } from '../model.ts';
import { OUTPUT_ERRORS } from './errors.ts';
import { ESCAPERS } from './escape.ts';
import { type Field, fieldValues, renderTemplate, type TemplatePart } from './template.ts';
import { looksHashed, MAX_USERNAME_BYTES, mergeUserlist, quotedBytes, readUserlist } from './userlist.ts';

/** What is rendered, and what is known about who reads it. */
export interface RenderInput {
  readonly credential: Credential;
  readonly endpoint: Endpoint;
  /** What the file holds now; only formats that share it with others look at it. */
  readonly former: Buffer;
  /** A userlist of others that a pgbouncer output takes in. */
  readonly included?: Buffer | undefined;
  readonly pgbouncer: PasswordLimit;
}

/** How long a password the running pgbouncer reads. */
export interface PasswordLimit {
  readonly bytes: number;
  /** `pgbouncer 1.24.1`, or that its version is not known. */
  readonly reader: string;
  readonly advice: string;
}

export interface Rendered {
  readonly content: Buffer;
  /** Things to warn about, without secrets. */
  readonly warnings: readonly string[];
}

export type Render = (input: RenderInput) => Rendered;

const text = (content: string): Rendered => ({ content: Buffer.from(content), warnings: [] });

/** pgbouncer's auth_file; lines of other users are kept. `marker` tells our lines when user names change. */
export function pgbouncerFormat(path: string, marker: string | undefined): Render {
  return ({ credential: { username, password }, former, included = Buffer.alloc(0), pgbouncer }) => {
    const format = 'pgbouncer';
    ESCAPERS.pgbouncer(username, 'username');
    ESCAPERS.pgbouncer(password, 'password');
    if (Buffer.byteLength(ESCAPERS.pgbouncer(username, 'username')) > MAX_USERNAME_BYTES) {
      const why = `it is longer than ${MAX_USERNAME_BYTES} bytes`;
      throw OUTPUT_ERRORS.value_not_writable({ format, what: 'username', why });
    }
    if (looksHashed(password)) {
      const why = 'it looks like an MD5 or SCRAM hash, and pgbouncer would take it for one';
      throw OUTPUT_ERRORS.value_not_writable({ format, what: 'password', why });
    }
    const bytes = quotedBytes(password);
    if (bytes > pgbouncer.bytes) {
      const { bytes: limit, reader, advice } = pgbouncer;
      throw OUTPUT_ERRORS.password_too_long({ bytes, limit, reader, advice });
    }
    const others = readUserlist(included, pgbouncer.bytes);
    const withOthers = others.entries.reduce(
      (content, entry) => mergeUserlist(content, entry, pgbouncer.bytes).content,
      former,
    );
    const { content } = mergeUserlist(withOthers, { username, password, marker }, pgbouncer.bytes);
    const broken = readUserlist(former, pgbouncer.bytes).brokenLines;
    return {
      content,
      warnings: [
        ...brokenWarning(broken, `the former ${path}`, 'moved to the end, so that the users after it work'),
        ...brokenWarning(others.brokenLines, 'the included file', 'left out'),
      ],
    };
  };
}

function brokenWarning(lines: readonly number[], file: string, outcome: string): string[] {
  return lines.length === 0 ? [] : [`pgbouncer cannot read line ${lines.join(', ')} of ${file}: ${outcome}`];
}

/** libpq's password file, one line; `*` where nothing is known. */
export const pgpassFormat: Render = ({ credential, endpoint }) => {
  const { host, port, database, username, password } = fieldValues(credential, endpoint);
  const field = (value: string, what: string): string => (value === '' ? '*' : ESCAPERS.pgpass(value, what));
  const fields = [
    field(host, 'host'),
    field(port, 'port'),
    field(database, 'database'),
    ESCAPERS.pgpass(username, 'username'),
    ESCAPERS.pgpass(password, 'password'),
  ];
  return text(`${fields.join(':')}\n`);
};

/** libpq takes lines of a service file of up to 1,022 bytes with their line end. */
const MAX_SERVICE_LINE_BYTES = 1021;

/** A service of libpq's service file (PGSERVICEFILE). */
export function pgServiceFormat(service: string): Render {
  return ({ credential, endpoint }) => {
    const { host, port, database, username, password } = fieldValues(credential, endpoint);
    const keys = { host, port, dbname: database, user: username, password };
    const lines = Object.entries(keys)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `${key}=${ESCAPERS['pg-service'](value, key)}`);
    checkLines(lines, MAX_SERVICE_LINE_BYTES, 'a service file of libpq');
    return text(`[${service}]\n${lines.join('\n')}\n`);
  };
}

/** MySQL's programs read option files in lines of 4,096 bytes, line end and end of the string included. */
const MAX_MYSQL_LINE_BYTES = 4094;

/** MySQL's option file. An RDS token goes over the wire as it is, which clients must be allowed to do. */
export function mysqlFormat(group: string): Render {
  return ({ credential, endpoint }) => {
    const { host, port, database, username, password } = fieldValues(credential, endpoint);
    const keys = { host, port, database, user: username, password };
    const lines = Object.entries(keys)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `${key}=${ESCAPERS.mysql(value, key)}`);
    checkLines(lines, MAX_MYSQL_LINE_BYTES, 'an option file of MySQL');
    return text(`[${group}]\n${lines.join('\n')}\nenable-cleartext-plugin\n`);
  };
}

function checkLines(lines: readonly string[], limit: number, reader: string): void {
  const longest = Math.max(...lines.map((line) => Buffer.byteLength(line)));
  if (longest > limit) {
    const advice = 'use the output pgpass (or json, env, raw), which has no such limit; the old file is kept';
    throw OUTPUT_ERRORS.password_too_long({ bytes: longest, limit, reader, advice });
  }
}

/** Default variables of an env file: those that libpq reads. */
export const LIBPQ_VARIABLES: Readonly<Record<string, Field>> = {
  PGHOST: 'host',
  PGPORT: 'port',
  PGDATABASE: 'database',
  PGUSER: 'username',
  PGPASSWORD: 'password',
};

/** `NAME='value'` lines, for shells, systemd and Kubernetes' fileKeyRef. Variables without a value are left out. */
export function envFormat(variables: Readonly<Record<string, Field>>): Render {
  return ({ credential, endpoint }) => {
    const values = fieldValues(credential, endpoint);
    const lines = Object.entries(variables)
      .filter(([, field]) => values[field] !== '')
      .map(([name, field]) => `${name}=${ESCAPERS.env(values[field], field)}\n`);
    return text(lines.join(''));
  };
}

/** An object with everything that is known, on one line. */
export const jsonFormat: Render = ({ credential, endpoint }) => {
  const {
    host,
    port,
    database,
    username,
    password,
    'expires-at': expiresAt,
  } = fieldValues(credential, endpoint);
  const known = {
    username,
    password,
    host: host || undefined,
    port: port === '' ? undefined : Number(port),
    database: database || undefined,
    expiresAt: expiresAt || undefined,
  };
  return text(`${JSON.stringify(known)}\n`);
};

/** The password alone, without a line end. */
export const rawFormat: Render = ({ credential }) => text(credential.password);

/** A template of the user's. */
export function templateFormat(parts: readonly TemplatePart[]): Render {
  return ({ credential, endpoint }) => text(renderTemplate(parts, fieldValues(credential, endpoint)));
}

/** Whether libpq would ignore a password file of this mode: it must not be open to group or others. */
export function pgpassModeProblem(mode: number): string | undefined {
  return (mode & 0o077) === 0
    ? undefined
    : `libpq ignores a password file that group or others may open; mode ${mode.toString(8)} needs to be 0600 or less`;
}

/** Two outputs of the same file would overwrite each other, unless the format merges. */
export function sameFile(left: string, right: string): boolean {
  return posix.normalize(left) === posix.normalize(right);
}
