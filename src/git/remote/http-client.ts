/** A small HTTP client that keeps one connection open; node:http alone, since a sidecar pays for every module. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { PillionError } from '../../core/errors.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Sees the body as it comes, for status 200 only. */
  readonly onData: (chunk: Buffer) => void;
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface HttpClient {
  send(call: HttpCall): Promise<HttpAnswer>;
  close(): void;
}

function tooLong(maxBytes: number): PillionError {
  return new PillionError({
    code: 'protocol_error',
    message: `the server's answer is longer than ${maxBytes} bytes`,
  });
}

function collect(response: IncomingMessage, call: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const status = response.statusCode ?? 0;
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      try {
        if (bytes > call.maxBytes) {
          throw tooLong(call.maxBytes);
        }
        if (status === 200) {
          call.onData(chunk);
        }
      } catch (error) {
        // Before the connection is given up: that is told as well, and the first reason counts.
        reject(error);
        response.destroy();
      }
    });
    response.once('end', () => resolve({ status, headers: response.headers }));
    response.once('error', reject);
    response.once('aborted', () =>
      reject(new PillionError({ code: 'connection_cut', message: 'the connection was cut' })),
    );
  });
}

/** The client keeps at most one idle connection and never follows redirects. */
export function createHttpClient(env: Readonly<Record<string, string | undefined>>): HttpClient {
  const limits = { keepAlive: true, maxSockets: 1, maxFreeSockets: 1 };
  const http = new HttpAgent(limits);
  let https: HttpsAgent | undefined;
  const secureAgent = async (create: typeof HttpsAgent) => {
    if (https === undefined) {
      const { secureContext } = await import('../../core/http/client/certificates.ts');
      const authorities = env.GIT_SSL_CAINFO ? { ...env, SSL_CERT_FILE: env.GIT_SSL_CAINFO } : env;
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED in a pod's environment does not switch it off.
      const context = { secureContext: await secureContext(authorities), rejectUnauthorized: true };
      https = new create({ ...limits, ...context });
    }
    return https;
  };
  const start = async (call: HttpCall) => {
    const options = { method: call.method, headers: call.headers, signal: call.signal };
    if (call.url.protocol !== 'https:') {
      return httpRequest(call.url, { ...options, agent: http });
    }
    // TLS costs every process some MiB; plain HTTP does not pay for it.
    const { Agent, request } = await import('node:https');
    return request(call.url, { ...options, agent: await secureAgent(Agent) });
  };
  const send = async (call: HttpCall): Promise<HttpAnswer> => {
    const request = await start(call);
    return new Promise((resolve, reject) => {
      request.once('response', (response) => {
        collect(response, call).then(resolve, reject);
      });
      request.once('error', (error) => {
        // A kept connection that the server closed meanwhile is not an answer: ask again on a new one.
        const retry = request.reusedSocket && !call.signal.aborted;
        (retry ? send(call) : Promise.reject(error)).then(resolve, reject);
      });
      request.end(call.body);
    });
  };
  return {
    send,
    close() {
      http.destroy();
      https?.destroy();
    },
  };
}
