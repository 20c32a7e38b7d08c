import { PillionError, systemErrorCode } from '../../errors.ts';

/** Why a request has no answer; `facts.reason` of the error `http_failed`. */
export type FailureReason =
  | 'timeout'
  | 'aborted'
  | 'refused'
  | 'dns'
  | 'tls'
  | 'too_long'
  | 'redirects'
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
  other: 'check the URL, the server, and HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
};

/** These may go away by themselves. */
const RETRYABLE: ReadonlySet<FailureReason> = new Set(['timeout', 'refused', 'dns', 'other']);

export interface FailureInit {
  readonly reason: FailureReason;
  /** Only its origin is shown: path, query and user info of a webhook URL are often the secret itself. */
  readonly url?: URL | undefined;
  readonly why: string;
  /** Must not quote a URL. */
  readonly cause?: unknown;
  readonly retryable?: boolean;
  readonly hint?: string;
}

export function httpFailure({ reason, url, why, cause, retryable, hint }: FailureInit): PillionError {
  const about = url === undefined ? 'HTTP request' : `HTTP request to ${url.origin}`;
  return new PillionError({
    code: 'http_failed',
    message: `${about}: ${why}`,
    hint: hint ?? HINTS[reason],
    facts: { reason, origin: url?.origin, systemCode: systemErrorCode(cause) },
    retryable: retryable ?? RETRYABLE.has(reason),
    cause,
  });
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
