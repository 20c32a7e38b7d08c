/** One question to a git server over HTTP: credentials as the server asks for them, and what its status means. */

import type { OnData } from '../../core/http/client.ts';
import {
  type ClientResponse,
  type ClientSession,
  offeredSchemes,
  retryAfterMs,
} from '../../core/http/client.ts';

/** Version 0 servers list all their refs; more than this is left to git itself. */
export const MAX_REFS_BYTES = 256 * 1024 * 1024;

/** git takes these rather than Basic where a server offers them, and only git can. */
const STRONGER_THAN_BASIC = ['digest', 'ntlm'];

/** No answer of git's does. A mark of UTF-8, read as Latin-1, may be before it. */
const BEGINS_MARKUP = /^(?:\xef\xbb\xbf)?\s*</;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What a server says when it does not say what was asked. All but `unsupported` is what git would be answered too. */
export type Refusal =
  | { readonly kind: 'missing'; readonly what: 'repository' }
  /** 401 for the credentials that were offered, or with none to offer, or 403. */
  | { readonly kind: 'denied'; readonly status: number; readonly offered: boolean }
  /** 429 or a failure of the server, with the wait that it asks for. */
  | { readonly kind: 'busy'; readonly status: number; readonly retryAfterMs: number | undefined }
  /** This server needs git itself: dumb protocol, another authentication. */
  | {
      readonly kind: 'unsupported';
      readonly why: string;
      /** By its media type or its content. */
      readonly isPage?: boolean;
      /** By its content: a list of refs on a server of files, whatever it takes that for, is none. */
      readonly isMarkup?: boolean;
    };

/** The answer is elsewhere. */
export interface Redirect {
  readonly kind: 'moved';
  readonly status: number;
  /** As the server wrote it. */
  readonly location: string;
}

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface AskInit {
  readonly session: ClientSession;
  /** The Authorization header (Basic) for an address, if there are credentials for it. */
  readonly authorization: (url: string) => Promise<string | undefined>;
  /** Whether git could know credentials that this process does not (`.netrc`). */
  readonly gitMayKnowMore: () => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of each piece of an answer that is read. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/** Asks and feeds the reader; resolves to undefined when the answer was of the media type that was to come. */
export type Ask = (
  question: Question,
  expectedType: string,
  reader: { readonly push: OnData; readonly maxBytes?: number },
  signal: AbortSignal,
) => Promise<Refusal | Redirect | undefined>;

/**
 * As git does, credentials are offered to a server that has asked for them, and only in the way it asked; from then on
 * they come with every question, so that one poll is one request. For the questions to one server.
 */
export function createAsk(init: AskInit): Ask {
  let asksForBasic = false;

  return async (question, expectedType, reader, signal) => {
    let isMarkup = false;
    let isFirst = true;
    const take: OnData = (chunk) => {
      init.onReceived?.(chunk.length);
      isMarkup ||= isFirst && BEGINS_MARKUP.test(chunk.toString('latin1', 0, 64));
      isFirst = false;
      return isMarkup ? undefined : reader.push(chunk);
    };
    const send = async (authorization: string | undefined) => {
      try {
        return await init.session.send({
          ...question,
          headers: {
            'Git-Protocol': 'version=2',
            ...question.headers,
            ...(authorization === undefined ? {} : { Authorization: authorization }),
          },
          signal,
          followRedirects: false,
          repeatable: true,
          onData: take,
          maxBytes: reader.maxBytes ?? MAX_REFS_BYTES,
        });
      } catch (error) {
        // Whoever answers after that may be another server than the one that asked for a password.
        asksForBasic = false;
        throw error;
      }
    };
    const known = await init.authorization(question.url);
    let offered = asksForBasic ? known : undefined;
    let answer = await send(offered);
    if (answer.status === 401) {
      asksForBasic = wantsBasic(answer);
      if (asksForBasic && known !== undefined && offered === undefined) {
        offered = known;
        answer = await send(offered);
      }
    }
    const type = answer.headers['content-type'] ?? '';
    if (answer.status === 200 && !isMarkup && type.startsWith(expectedType)) {
      return undefined;
    }
    if (answer.status >= 200 && answer.status < 300) {
      // It has not asked for a password, and may not be the server that did.
      asksForBasic = false;
      const isPage = isMarkup || /^(text\/html|application\/xhtml)/i.test(type);
      const why = answer.status === 200 ? `content type ${type.slice(0, 80)}` : `status ${answer.status}`;
      // The content of other answers than 200 is not read; a server of files has none.
      return {
        kind: 'unsupported',
        why,
        ...(isPage ? { isPage, isMarkup: isMarkup || answer.status !== 200 } : {}),
      };
    }
    const location = answer.headers['location'];
    if (REDIRECTS.has(answer.status) && location !== undefined) {
      return { kind: 'moved', status: answer.status, location };
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
