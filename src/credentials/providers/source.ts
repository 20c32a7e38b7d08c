import type { Answer } from '../model.ts';
import type { RawAnswer } from './answer.ts';
import { SOURCE_ERRORS } from './errors.ts';

/** What every source gets from the program around it. */
export interface SourceContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Declares something that must never be printed: bearer tokens, session keys. A later value of a slot replaces it. */
  secret(slot: string, value: string): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface AnswerInit {
  readonly source: string;
  readonly raw: RawAnswer;
  /** Used where the answer names no user. */
  readonly user: string;
  /** When the question was asked, milliseconds since the epoch. */
  readonly askedAt: number;
  /** When the answer came. */
  readonly now: number;
  /** How long a credential lives whose source does not say so; undefined: without an end. */
  readonly lifetimeMs?: number | undefined;
  /** The answer's Date header. */
  readonly date?: string | undefined;
}

/**
 * An answer with its times. A stated end counts; then a stated length, counted from the question, since the answer may
 * have been long on its way; then the configured lifetime.
 * @throws PillionError `source_answer_invalid`, `source_expired`
 */
export function completeAnswer(init: AnswerInit): Answer {
  const { source, raw, user, askedAt, now } = init;
  const username = raw.username ?? user;
  if (username === '') {
    const why = 'it names no user, and none is configured';
    throw SOURCE_ERRORS.source_answer_invalid({ source, why });
  }
  const lifeMs = raw.expiresInMs ?? init.lifetimeMs;
  const expiresAt = raw.expiresAt ?? (lifeMs === undefined ? undefined : askedAt + lifeMs);
  if (expiresAt !== undefined && expiresAt <= now) {
    throw SOURCE_ERRORS.source_expired({ source, seconds: Math.ceil((now - expiresAt) / 1000) });
  }
  return {
    credential: { username, password: raw.password, issuedAt: askedAt, expiresAt },
    clockSkewMs: skewOf(init.date, askedAt, now),
  };
}

/** Our clock minus the server's, taking the middle of the exchange for the moment of the Date header. */
function skewOf(date: string | undefined, askedAt: number, now: number): number | undefined {
  const server = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(server) ? undefined : (askedAt + now) / 2 - server;
}
