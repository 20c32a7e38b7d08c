import { OUTPUT_ERRORS } from './errors.ts';

/** How one value is written so that one kind of reader reads it back unchanged. */
export type Escaper = (value: string, what: string) => string;

const CONTROL = /\p{Cc}/u;

function refuse(format: string, what: string, why: string): never {
  throw OUTPUT_ERRORS.value_not_writable({ format, what, why });
}

/** Formats of one line per value have no way to write these. */
function withoutControls(value: string, what: string, format: string): string {
  return CONTROL.test(value) ? refuse(format, what, 'it has a line end or another control character') : value;
}

/** Inside the quotes of pgbouncer's userlist: a double quote is written twice, there is no other escape. */
const pgbouncer: Escaper = (value, what) => withoutControls(value, what, 'pgbouncer').replaceAll('"', '""');

/** A field of libpq's password file: `\` before `\` and `:`. */
const pgpass: Escaper = (value, what) =>
  withoutControls(value, what, 'pgpass').replaceAll(/[\\:]/g, (character) => `\\${character}`);

/** A value in libpq's service file: taken as it stands, blanks at the ends are lost. */
const pgService: Escaper = (value, what) => {
  if (value.trim() !== value) {
    return refuse('pg-service', what, 'it begins or ends with a blank');
  }
  return withoutControls(value, what, 'pg-service');
};

/** A value in MySQL's option file, with its quotes. */
const mysql: Escaper = (value, what) =>
  `"${withoutControls(value, what, 'mysql').replaceAll(/[\\"']/g, (character) => `\\${character}`)}"`;

/**
 * A value in an env file, with its quotes. Between single quotes shells, systemd and the kubelet (`fileKeyRef`) take
 * every character as it is; the kubelet has no way to write a single quote.
 */
const env: Escaper = (value, what) => {
  if (value.includes("'")) {
    return refuse('env', what, 'it has a single quote, which env files cannot hold');
  }
  return `'${withoutControls(value, what, 'env')}'`;
};

/** A word of a POSIX shell, with its quotes. */
const shell: Escaper = (value, what) => `'${withoutControls(value, what, 'shell').replaceAll("'", "'\\''")}'`;

/** A JSON string, with its quotes. */
const json: Escaper = (value) => JSON.stringify(value);

/** A part of a URL, as in `postgres://USER:PASSWORD@host`. */
const url: Escaper = (value) =>
  encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const raw: Escaper = (value) => value;

/** What templates may name after the bar. */
export const ESCAPERS = {
  pgbouncer,
  pgpass,
  'pg-service': pgService,
  mysql,
  env,
  shell,
  json,
  url,
  raw,
} as const;
export type EscaperName = keyof typeof ESCAPERS;
