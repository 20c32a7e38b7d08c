import type { Answer, Source } from '../../model.ts';
import { secretText } from '../answer.ts';
import { SOURCE_ERRORS } from '../errors.ts';
import type { SourceContext } from '../source.ts';
import { sessionAdvice } from './advice.ts';

export interface AwsRdsSourceSpec {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly region: string;
  /** Of AWS's shared files; '' for AWS_PROFILE or `default`. */
  readonly profile: string;
}

/** Has the AWS SDK find a session and signs with it, in a process of its own; gives what that printed, parsed. */
export type AskRdsToken = (request: AwsRdsSourceSpec, signal: AbortSignal) => Promise<unknown>;

/** What that process prints. Times in milliseconds since the epoch. */
export type RdsTokenReply =
  | {
      readonly ok: true;
      readonly token: string;
      readonly signedAt: number;
      /** Undefined for keys without an end. */
      readonly sessionEnd?: number | undefined;
    }
  | { readonly ok: false; readonly name: string; readonly message: string };

const SOURCE = 'AWS';
/** RDS takes a token for this long after its date, for new logins. Clients cannot choose another time. */
const TOKEN_LIFE_MS = 900_000;

/**
 * Tokens for RDS and Aurora with IAM authentication. The session is asked for again each time, from wherever the AWS SDK
 * finds one. A token ends after 15 minutes or with the session, whichever is first.
 */
export function awsRdsSource(spec: AwsRdsSourceSpec, context: SourceContext, askToken: AskRdsToken): Source {
  const { host, port, user, region, profile } = spec;
  return {
    async ask(signal): Promise<Answer> {
      const reply = readReply(await askToken({ host, port, user, region, profile }, signal));
      const { token: password, signedAt, sessionEnd = Infinity } = reply;
      context.secret('aws session', sessionTokenOf(password));
      if (sessionEnd <= signedAt) {
        const seconds = Math.ceil((signedAt - sessionEnd) / 1000);
        throw SOURCE_ERRORS.source_expired({ source: `${SOURCE} (its session)`, seconds });
      }
      const expiresAt = Math.min(signedAt + TOKEN_LIFE_MS, sessionEnd);
      return { credential: { username: user, password, issuedAt: signedAt, expiresAt } };
    },
  };
}

/** It is part of the token, and a secret by itself; '' for keys without one. */
function sessionTokenOf(token: string): string {
  return new URLSearchParams(token.slice(token.indexOf('?') + 1)).get('X-Amz-Security-Token') ?? '';
}

function readReply(value: unknown): RdsTokenReply & { ok: true } {
  const field = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const text = (name: string): string => {
    const found = field(name);
    return typeof found === 'string' ? found : '';
  };
  if (field('ok') === false) {
    const advice = sessionAdvice(`${text('name')} ${text('message')}`);
    throw advice === undefined
      ? SOURCE_ERRORS.aws_session_missing()
      : SOURCE_ERRORS.aws_session_failed({ why: `${text('name')}: ${text('message')}`, advice });
  }
  const [signedAt, sessionEnd] = [field('signedAt'), field('sessionEnd')];
  if (typeof signedAt !== 'number') {
    throw SOURCE_ERRORS.source_answer_invalid({ source: SOURCE, why: 'it has no time' });
  }
  return {
    ok: true,
    token: secretText(field('token'), 'token', SOURCE),
    signedAt,
    sessionEnd: typeof sessionEnd === 'number' ? sessionEnd : undefined,
  };
}
