import type { Agent } from 'node:http';
import { beforeDeadline } from './deadline.ts';
import { httpFailure } from './failure.ts';
import type { ClientCall, ClientRequest, ClientResponse, ClientSession, ClientSettings } from './types.ts';

/**
 * Sends one request on a connection of its own, which behaves as Go's default client does: redirects, proxy variables,
 * the system's certificate authorities, lenient about the form of answers. Any status is an answer.
 * @throws PillionError `http_failed`, with `facts.reason`. The message names the origin only, since path, query and
 * user info may be secrets.
 */
export function sendRequest(request: ClientRequest): Promise<ClientResponse> {
  return send(request, request, undefined);
}

/**
 * A session for calls to few servers, again and again: the connection to each is kept, and a call on one that the server
 * has closed meanwhile is made again on another. Answers must keep to the form of HTTP.
 */
export function openSession(settings: ClientSettings): ClientSession {
  let agent: Agent | undefined;
  let isClosed = false;
  return {
    async send(call) {
      if (isClosed) {
        throw httpFailure({ reason: 'aborted', why: 'the session is closed' });
      }
      const { createKeptConnections } = await import('./kept-connections.ts');
      agent ??= createKeptConnections();
      try {
        return await send(call, settings, agent);
      } finally {
        if (isClosed) {
          agent.destroy();
        }
      }
    },
    close() {
      isClosed = true;
      agent?.destroy();
    },
  };
}

async function send(
  call: ClientCall,
  settings: ClientSettings,
  agent: Agent | undefined,
): Promise<ClientResponse> {
  let url: URL | undefined;
  const { timeoutMs, signal } = call;
  return beforeDeadline({ timeoutMs, signal, url: () => url }, async (scope) => {
    // Loaded when the first request is sent: many a Pillion never sends one.
    const { perform } = await import('./perform.ts');
    return perform({
      call,
      settings,
      scope,
      agent,
      onHop(next) {
        url = next;
      },
    });
  });
}
