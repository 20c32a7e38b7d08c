import { withoutLineEnd } from '../../core/line-end.ts';
import type { Answer, Source } from '../model.ts';
import { atPointer, instant, parseJson, seconds, secretText } from './answer.ts';
import { SOURCE_ERRORS } from './errors.ts';
import { requestSource, type SourceReply, type TlsFiles } from './request.ts';
import { readSecretFile } from './secret-file.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface HttpSourceSpec {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Sent as a bearer token, read again for each request. */
  readonly bearerFile: string | undefined;
  readonly tls: TlsFiles;
  /** RFC 6901 pointers into the answer; without one for the password, the whole body is the password. */
  readonly passwordPointer: string | undefined;
  readonly usernamePointer: string | undefined;
  readonly expiresAtPointer: string | undefined;
  /** To a number of seconds. */
  readonly expiresInPointer: string | undefined;
  readonly lifetimeMs: number | undefined;
  readonly user: string;
}

/** Any server that answers with a credential. */
export function httpSource(spec: HttpSourceSpec, context: SourceContext): Source {
  const source = `the server ${originOf(spec.url)}`;
  return {
    async ask(signal): Promise<Answer> {
      const askedAt = context.now();
      declareHeaders(spec.headers, context);
      const headers = { ...spec.headers, ...(await bearer(spec, context)) };
      const reply = await requestSource(context, { source, ...spec, headers, advice }, signal);
      const raw = readBody(spec, reply, source);
      const { user, lifetimeMs } = spec;
      return completeAnswer({ source, raw, user, askedAt, now: context.now(), lifetimeMs, date: reply.date });
    },
  };
}

/** What a proxy or a login in front of the server answers with status 200 is nobody's password. */
const PAGES = new Set(['text/html', 'application/xhtml+xml']);

function readBody(
  spec: HttpSourceSpec,
  { body, mediaType }: SourceReply,
  source: string,
): Parameters<typeof completeAnswer>[0]['raw'] {
  const { passwordPointer, usernamePointer, expiresAtPointer, expiresInPointer } = spec;
  if (passwordPointer === undefined) {
    if (PAGES.has(mediaType)) {
      const why = 'it is a page for people (HTML)';
      throw SOURCE_ERRORS.source_answer_invalid({ source, why });
    }
    return { password: secretText(body, 'body', source) };
  }
  const answer = parseJson(body, source);
  const at = (pointer: string | undefined): unknown =>
    pointer === undefined ? undefined : atPointer(answer, pointer);
  return {
    password: secretText(at(passwordPointer), `value at ${passwordPointer}`, source),
    username:
      usernamePointer === undefined
        ? undefined
        : secretText(at(usernamePointer), `value at ${usernamePointer}`, source),
    expiresAt: instant(at(expiresAtPointer), `value at ${expiresAtPointer}`, source),
    expiresInMs: seconds(at(expiresInPointer), `value at ${expiresInPointer}`, source),
  };
}

const SECRET_HEADER = /auth|token|key|secret|cookie|password/i;

/** Headers of the configuration whose name says that their value is secret. */
export function declareHeaders(headers: Readonly<Record<string, string>>, context: SourceContext): void {
  for (const [name, value] of Object.entries(headers)) {
    if (SECRET_HEADER.test(name)) {
      context.secret(`header ${name}`, value);
    }
  }
}

async function bearer(spec: HttpSourceSpec, context: SourceContext): Promise<Record<string, string>> {
  if (spec.bearerFile === undefined) {
    return {};
  }
  const token = withoutLineEnd(await readSecretFile(spec.bearerFile));
  context.secret(`bearer ${spec.bearerFile}`, token);
  return { Authorization: `Bearer ${token}` };
}

/** Path, query and user info of a URL may be secrets. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'with an invalid URL';
}

function advice(status: number): string {
  if (status === 401 || status === 403) {
    return 'check bearer-file, the client certificate and what the server lets this pod have';
  }
  if (status === 404) {
    return 'check the path of the URL';
  }
  return status === 429
    ? 'the server asks for fewer requests: raise min-interval'
    : 'see the log of that server';
}
