/** What the program and its helper process say to each other about PostgreSQL and pgbouncer, as JSON over pipes. */
import * as v from 'valibot';

const loginTarget = v.object({
  /** A host name or address, or the directory of a Unix socket. */
  host: v.string(),
  port: v.number(),
  user: v.string(),
  password: v.optional(v.string()),
  database: v.string(),
  /** Present: TLS with a verified certificate. */
  tls: v.optional(v.object({ caFile: v.optional(v.string()) })),
  /** For the login and for each statement, milliseconds. */
  timeoutMs: v.number(),
});
export type LoginTarget = v.InferOutput<typeof loginTarget>;

/** A login, and nothing else. */
export const loginRequest = v.object({ login: loginTarget });

/** Looks at a pgbouncer through its console, and reloads it and proves it if that is asked for. */
export const pgbouncerRequest = v.object({
  console: loginTarget,
  reload: v.boolean(),
  /** A login with the new credential; its database '' means the first that the console lists for that user. */
  proof: v.optional(loginTarget),
});
export type PgbouncerRequest = v.InferOutput<typeof pgbouncerRequest>;

/** Where something failed, and what the system or the server said. */
const failure = v.object({
  step: v.picklist(['console', 'reload', 'login', 'proof']),
  code: v.string(),
  message: v.string(),
});
export type Failure = v.InferOutput<typeof failure>;

export const helperReply = v.object({
  /** `1.24.1`; '' when not known. */
  version: v.string(),
  /** pgbouncer's auth_type; '' when not known. */
  authType: v.string(),
  /** What was found out about the new credential. */
  proof: v.picklist(['proved', 'not asked', 'no database']),
  failure: v.optional(failure),
});
export type HelperReply = v.InferOutput<typeof helperReply>;
