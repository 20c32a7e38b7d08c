/** A small HTTP client for short requests: webhooks, health-check pings, tokens. */
import { inSession } from './client/session.ts';
import type { ClientRequest, ClientResponse, Environment } from './client/types.ts';

export type { ClientRequest, ClientResponse, Environment };

/**
 * Sends one request on a connection of its own, which behaves as Go's default client does: redirects, proxy variables,
 * the system's certificate authorities, lenient about the form of answers. Any status is an answer.
 * @throws PillionError `http_failed`, with `facts.reason`. The message names the origin only, since path, query and
 * user info may be secrets.
 */
export async function sendRequest(request: ClientRequest): Promise<ClientResponse> {
  let url: URL | undefined;
  return inSession({ timeoutMs: request.timeoutMs, signal: request.signal, url: () => url }, async (keep) => {
    // Loaded when the first request is sent: many a Pillion never sends one.
    const { perform } = await import('./client/perform.ts');
    return perform({
      request,
      keep,
      onHop(next) {
        url = next;
      },
    });
  });
}
