/** What a server answers, as records: a method, a path, and a function from a request to a reply. */
import type { IncomingHttpHeaders } from 'node:http';
import { renderJson } from '../log/render.ts';

export interface RouteRequest {
  /** `GET` also for HEAD. */
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** Aborted when the caller has gone, the route's time is over, or the server's close cuts the connection. */
  readonly signal: AbortSignal;
  /**
   * The bytes of the body as they were sent; call it once.
   * @throws PillionError `body_too_large`, `body_timeout` or `body_incomplete`: leave these to the server, which answers
   *   413, 408 and 400
   */
  readonly readBody: () => Promise<Buffer>;
  /**
   * The same piece by piece, for what is longer than a route wants to hold; resolves at its end. Instead of `readBody`. A
   * piece is gone when `take` returns.
   */
  readonly takeBody: (take: (chunk: Buffer) => void) => Promise<void>;
  /** Ends the request with this error, whatever it waits for: its body is read no further. */
  readonly giveUp: (reason: Error) => void;
}

export interface Reply {
  readonly status: number;
  readonly body?: string | Uint8Array;
  /** Default plain text in UTF-8. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  /** One method; GET answers HEAD too. `*` for all. */
  readonly method: string;
  /** The exact path (`/metrics`), or with `/*` at its end the path and all below it; the longest counts. */
  readonly path: string;
  readonly handle: (request: RouteRequest) => Reply | Promise<Reply>;
  /** Default 0: a body is not read, and the connection ends with the answer. */
  readonly maxBodyBytes?: number;
  /** For the whole body, milliseconds. Default 10 s. */
  readonly bodyTimeoutMs?: number;
  /**
   * The signal is aborted and 503 answered after this long; milliseconds, or how many they are by the query. Default: no
   * limit but the caller's.
   */
  readonly timeoutMs?: number | ((query: URLSearchParams) => number);
  /** Further requests are answered 503 at once while so many are in the hands of the handler. Default: no limit. */
  readonly maxInFlight?: number;
}

/** Any method. */
export const ANY = '*';

/** One line of plain text as the whole answer; nothing for an empty text. */
export function textReply(status: number, text: string): Reply {
  return { status, body: text === '' ? '' : `${text}\n` };
}

/** Data as one line of JSON, cleaned by `redact`. */
export function jsonReply(status: number, data: unknown, redact = (text: string) => text): Reply {
  return {
    status,
    contentType: 'application/json; charset=utf-8',
    body: `${renderJson(data, redact)}\n`,
  };
}
