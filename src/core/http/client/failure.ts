import { defineErrors, type PillionError, systemErrorCode } from '../../errors.ts';

/** Why a request has no answer; `facts.reason` of the error `http_failed`. */
export type FailureReason =
  | 'timeout'
  | 'aborted'
  | 'refused'
  | 'dns'
  | 'tls'
  | 'too_long'
  | 'redirects'
  | 'settings'
  | 'other';

const HINTS: Readonly<Record<FailureReason, string>> = {
  timeout:
    'the server is slow or unreachable: check it, the network and network policies, or allow more time',
  aborted: 'the request was given up because the program is stopping or has something newer to do',
  refused: 'nothing listens there: check that the server runs, and the port',
  dns: 'check the host name and that this pod can resolve names',
  tls: 'if the server has a private CA, name its file with SSL_CERT_FILE; check host name and dates of its certificate',
  too_long: 'check that the URL is the intended one',
  redirects: 'give the URL that the server redirects to',
  settings: 'check the URL, the method and the files that the request is made of',
  other: 'check the URL, the server, and HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
};

/** These may go away by themselves. */
const PASSING: ReadonlySet<unknown> = new Set<FailureReason>(['timeout', 'refused', 'dns', 'other']);

interface FailedParameters {
  readonly origin: string | undefined;
  readonly why: string;
  readonly hint: string;
}

export const CLIENT_ERRORS = defineErrors({
  http_failed: {
    message: ({ origin, why }: FailedParameters) =>
      `${origin === undefined ? 'HTTP request' : `HTTP request to ${origin}`}: ${why}`,
    hint: ({ hint }: FailedParameters) => hint,
    about:
      'a request has no answer: the message says whether it is the name, the connection, the certificate, a proxy or the time',
  },
  http_refused: {
    message: ({ origin, status }: { origin: string; status: number }) =>
      `HTTP request to ${origin}: the server answered with status ${status}`,
    hint: 'check the URL and what the server logs about it',
  },
});

export interface FailureInit {
  readonly reason: FailureReason;
  /** Only its origin is shown: path, query and user info of a webhook URL are often the secret itself. */
  readonly url?: URL | undefined;
  readonly why: string;
  /** Must not quote a URL. */
  readonly cause?: unknown;
  readonly hint?: string;
}

export function httpFailure({ reason, url, why, cause, hint }: FailureInit): PillionError {
  const facts = { reason, origin: url?.origin, systemCode: systemErrorCode(cause) };
  return CLIENT_ERRORS.http_failed(
    { origin: url?.origin, why, hint: hint ?? HINTS[reason] },
    { facts, cause },
  );
}

/** Whether the same request may well have an answer a little later. */
export function mayPass(error: unknown): boolean {
  return CLIENT_ERRORS.http_failed.matches(error) && PASSING.has(error.facts['reason']);
}

/** What a system error of opening a connection means. */
export function connectReason(error: unknown): FailureReason {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) {
    return 'dns';
  }
  if (code === 'ECONNREFUSED') {
    return 'refused';
  }
  return code === 'ETIMEDOUT' ? 'timeout' : 'other';
}
