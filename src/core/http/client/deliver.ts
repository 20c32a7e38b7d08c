/** A request that is to arrive: tried again after what may pass, given up after what will not. */
import type { Clock } from '../../clock.ts';
import type { PillionError } from '../../errors.ts';
import { type Delays, retry } from '../../retry.ts';
import { retryAfterMs } from './answer-headers.ts';
import { CLIENT_ERRORS, mayPass } from './failure.ts';
import { sendRequest } from './send.ts';
import type { ClientRequest, ClientResponse } from './types.ts';

/** Answers of servers that are busy or being replaced; any other would be the same the next time. */
const PASSING_STATUSES: ReadonlySet<unknown> = new Set([408, 425, 429, 500, 502, 503, 504]);
/** A Retry-After that asks for more ends the delivery. */
const MAX_RETRY_AFTER_MS = 60_000;

export interface DeliveryPolicy {
  /** How many times to send it in all. */
  readonly attempts: number;
  readonly delays: Delays;
  readonly clock: Clock;
  /** Which statuses mean that it has arrived. Default: 200 to 299. */
  readonly isDelivered?: ((status: number) => boolean) | undefined;
  /** Called before each wait: log it. */
  readonly onRetry?: ((error: unknown, attempt: number, delayMs: number) => void) | undefined;
}

/**
 * Sends a request until it is delivered. It is sent again after a failure that may pass (time, name, connection) and
 * after 408, 425, 429, 500, 502, 503 and 504, not before the Retry-After of the answer; `timeoutMs` holds for each attempt.
 * @throws PillionError `http_failed`, or `http_refused` with `facts.status` and `facts.retryAfterMs`
 */
export function deliver(request: ClientRequest, policy: DeliveryPolicy): Promise<ClientResponse> {
  const { clock, isDelivered = is2xx } = policy;
  let askedForMs = 0;
  return retry(
    async () => {
      askedForMs = 0;
      const answer = await sendRequest(request);
      if (isDelivered(answer.status)) {
        return answer;
      }
      askedForMs = retryAfterMs(answer.headers['retry-after'], clock.now()) ?? 0;
      throw refused(request, answer, askedForMs);
    },
    {
      attempts: policy.attempts,
      delays: (n) => Math.max(policy.delays(n), askedForMs),
      signal: request.signal,
      clock,
      retryable: (error) => askedForMs <= MAX_RETRY_AFTER_MS && (mayPass(error) || isPassing(error)),
      onRetry: policy.onRetry,
    },
  );
}

const is2xx = (status: number) => status >= 200 && status < 300;

function isPassing(error: unknown): boolean {
  return CLIENT_ERRORS.http_refused.matches(error) && PASSING_STATUSES.has(error.facts['status']);
}

function refused(request: ClientRequest, { status }: ClientResponse, askedForMs: number): PillionError {
  const { origin } = new URL(request.url);
  return CLIENT_ERRORS.http_refused(
    { origin, status },
    { facts: { status, origin, retryAfterMs: askedForMs === 0 ? undefined : askedForMs } },
  );
}
