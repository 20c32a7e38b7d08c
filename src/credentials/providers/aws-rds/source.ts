import type { Answer, Source } from '../../model.ts';
import { SOURCE_ERRORS } from '../errors.ts';
import type { SourceContext } from '../source.ts';
import { sessionAdvice } from './advice.ts';
import { RDS_TOKEN_LIFE_MS, rdsToken } from './token.ts';

export interface AwsRdsSourceSpec {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly region: string;
  /** Of AWS's shared files; '' for AWS_PROFILE or `default`. */
  readonly profile: string;
}

/** Runs the AWS SDK's provider chain in a process of its own and gives what it printed, parsed. */
export type AskAwsSession = (
  request: { readonly profile: string; readonly region: string },
  signal: AbortSignal,
) => Promise<unknown>;

/** What that process prints. */
export type SessionReply =
  | {
      readonly ok: true;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string | undefined;
      /** Milliseconds since the epoch. */
      readonly expiresAt?: number | undefined;
    }
  | { readonly ok: false; readonly name: string; readonly message: string };

const SOURCE = 'AWS';

/**
 * Tokens for RDS and Aurora with IAM authentication. The session is asked for again each time, from wherever the AWS SDK
 * finds one; the token is signed here. It ends after 15 minutes or with the session, whichever is first.
 */
export function awsRdsSource(
  spec: AwsRdsSourceSpec,
  context: SourceContext,
  askSession: AskAwsSession,
): Source {
  const { host, port, user, region, profile } = spec;
  return {
    async ask(signal): Promise<Answer> {
      const session = readSession(await askSession({ profile, region }, signal));
      context.secret('aws secret key', session.secretAccessKey);
      context.secret('aws session', session.sessionToken ?? '');
      const at = context.now();
      const { expiresAt: sessionEnd = Infinity } = session;
      if (sessionEnd <= at) {
        const seconds = Math.ceil((at - sessionEnd) / 1000);
        throw SOURCE_ERRORS.source_expired({ source: `${SOURCE} (its session)`, seconds });
      }
      const password = rdsToken({ host, port, user, region, keys: session, at });
      const expiresAt = Math.min(at + RDS_TOKEN_LIFE_MS, sessionEnd);
      return { credential: { username: user, password, issuedAt: at, expiresAt } };
    },
  };
}

function readSession(value: unknown): SessionReply & { ok: true } {
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
  const [accessKeyId, secretAccessKey] = [text('accessKeyId'), text('secretAccessKey')];
  if (accessKeyId === '' || secretAccessKey === '') {
    throw SOURCE_ERRORS.source_answer_invalid({ source: SOURCE, why: 'the session has no keys' });
  }
  const end = field('expiresAt');
  return {
    ok: true,
    accessKeyId,
    secretAccessKey,
    sessionToken: text('sessionToken') || undefined,
    expiresAt: typeof end === 'number' ? end : undefined,
  };
}
