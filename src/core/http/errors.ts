import { defineErrors, type PillionError, systemErrorCode } from '../errors.ts';

interface BindParameters {
  readonly bind: string;
  readonly systemCode: string | undefined;
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process (or another container of this pod) listens there: choose another port',
  EACCES: 'ports below 1024 need a privilege this user does not have: choose a higher port',
  EADDRNOTAVAIL: 'no interface of this machine has this address: use ":PORT" for all addresses',
  ENOTFOUND: 'this host name does not resolve: use an address, or ":PORT" for all addresses',
};

export const SERVER_ERRORS = defineErrors({
  bind_failed: {
    message: ({ bind, systemCode }: BindParameters) =>
      `cannot listen on ${bind}${systemCode === undefined ? '' : ` (${systemCode})`}`,
    hint: ({ systemCode }: BindParameters) => LISTEN_HINTS[systemCode ?? ''],
    about: 'the address cannot be listened on: the hint says why',
  },
  certificate_invalid: {
    message: ({ why }: { why: string }) => `the certificate of the server cannot be used: ${why}`,
    hint: 'give a certificate and the key that belongs to it, both as PEM',
  },
  body_too_large: {
    message: ({ maxBytes }: { maxBytes: number }) => `the body is larger than ${maxBytes} bytes`,
    about: 'a request was answered with 413',
    internal: true,
  },
  body_timeout: {
    message: ({ timeoutMs }: { timeoutMs: number }) => `no complete body within ${timeoutMs} ms`,
    about: 'a request was answered with 408',
    internal: true,
  },
  body_incomplete: {
    message: 'the request ended before its body was complete',
    about: 'a request was answered with 400',
    internal: true,
  },
  caller_gone: {
    message: 'the caller has gone',
    about: 'the work for a request ends when its caller has gone',
    internal: true,
  },
  answer_timeout: {
    message: ({ timeoutMs }: { timeoutMs: number }) => `no answer within ${timeoutMs} ms`,
    about: 'a request was answered with 503',
    internal: true,
  },
});

/** What listening failed with, as an error that says what to try. */
export function listenError(bind: string, cause: unknown): PillionError {
  const systemCode = systemErrorCode(cause);
  return SERVER_ERRORS.bind_failed({ bind, systemCode }, { facts: { bind, systemCode }, cause });
}

const STATUSES = [
  [SERVER_ERRORS.body_too_large, 413],
  [SERVER_ERRORS.body_timeout, 408],
  [SERVER_ERRORS.body_incomplete, 400],
  [SERVER_ERRORS.answer_timeout, 503],
] as const;

/** The HTTP status that stands for an error of this table; 500 for any other. */
export function statusOf(error: unknown): number {
  return STATUSES.find(([factory]) => factory.matches(error))?.[1] ?? 500;
}
