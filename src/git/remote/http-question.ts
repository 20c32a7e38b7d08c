/** One question to a git server over HTTP: credentials as the server asks for them, and what its status means. */
import {
  type ClientResponse,
  type ClientSession,
  offeredSchemes,
  retryAfterMs,
} from '../../core/http/client.ts';
import type { RefReader } from './ls-refs.ts';

/** Version 0 servers list all their refs; more than this is left to git itself. */
const MAX_BYTES = 256 * 1024 * 1024;

/** git takes these rather than Basic where a server offers them, and only git can. */
const STRONGER_THAN_BASIC = ['digest', 'ntlm'];

/** What a server says when it does not say what was asked. All but `unsupported` is what git would be answered too. */
export type Refusal =
  | { readonly kind: 'missing'; readonly what: 'repository' }
  /** 401 for the credentials that were offered, or with none to offer, or 403. */
  | { readonly kind: 'denied'; readonly status: number; readonly offered: boolean }
  /** 429 or a failure of the server, with the wait that it asks for. */
  | { readonly kind: 'busy'; readonly status: number; readonly retryAfterMs: number | undefined }
  /** This server needs git itself: dumb protocol, redirect, another authentication. */
  | { readonly kind: 'unsupported'; readonly why: string };

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface AskInit {
  readonly session: ClientSession;
  /** The Authorization header (Basic) for this repository, if there are credentials for it. */
  readonly authorization: () => Promise<string | undefined>;
  /** Whether git could know credentials that this process does not (`.netrc`). */
  readonly gitMayKnowMore: () => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks and feeds the reader; resolves to undefined when the answer was of the media type that was to come. */
export type Ask = (
  question: Question,
  expectedType: string,
  reader: Pick<RefReader, 'push'>,
  signal: AbortSignal,
) => Promise<Refusal | undefined>;

/**
 * As git does, credentials are offered to a server that has asked for them, and only in the way it asked; from then on
 * they come with every question, so that one poll is one request.
 */
export function createAsk(init: AskInit): Ask {
  let asksForBasic = false;

  return async (question, expectedType, reader, signal) => {
    const send = (authorization: string | undefined) =>
      init.session.send({
        ...question,
        headers: {
          'Git-Protocol': 'version=2',
          ...question.headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
        signal,
        followRedirects: false,
        repeatable: true,
        onData: (chunk) => reader.push(chunk),
        maxBytes: MAX_BYTES,
      });
    const known = await init.authorization();
    let offered = asksForBasic ? known : undefined;
    let answer = await send(offered);
    if (answer.status === 401) {
      asksForBasic = wantsBasic(answer);
      if (asksForBasic && known !== undefined && offered === undefined) {
        offered = known;
        answer = await send(offered);
      }
    }
    if (answer.status === 200) {
      const type = answer.headers['content-type'] ?? '';
      return type.startsWith(expectedType)
        ? undefined
        : { kind: 'unsupported', why: `content type ${type.slice(0, 80)}` };
    }
    return refusal(answer, offered !== undefined, init);
  };
}

function wantsBasic(answer: ClientResponse): boolean {
  const schemes = offeredSchemes(answer.headers['www-authenticate']);
  return schemes.has('basic') && !STRONGER_THAN_BASIC.some((scheme) => schemes.has(scheme));
}

async function refusal(answer: ClientResponse, offered: boolean, init: AskInit): Promise<Refusal> {
  const { status, headers } = answer;
  if (status === 404 || status === 410) {
    return { kind: 'missing', what: 'repository' };
  }
  if (status === 429 || status >= 500) {
    return { kind: 'busy', status, retryAfterMs: retryAfterMs(headers['retry-after'], init.now()) };
  }
  const isDenied = status === 401 && wantsBasic(answer) && (offered || !(await init.gitMayKnowMore()));
  if (isDenied || status === 403) {
    return { kind: 'denied', status, offered };
  }
  return { kind: 'unsupported', why: `status ${status}` };
}
