/** How sources are asked over HTTP. */
import { withoutProxies } from '../../core/cloud/request.ts';
import type { ClientCertificate } from '../../core/http/client.ts';
import { SOURCE_ERRORS } from './errors.ts';
import type { SourceContext } from './source.ts';

/** Certificates of a server that has a CA of its own, and ours where it asks for one. Paths, read for each request. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface SourceRequest {
  /** As it is called in messages. */
  readonly source: string;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** Link-local servers of a cloud are never behind a proxy. */
  readonly noProxy?: boolean | undefined;
  /** What a refusal means, by status. */
  readonly advice: (status: number) => string;
  /** The part of a refusal's body that is safe and useful to show. */
  readonly explain?: ((body: string) => string) | undefined;
}

export interface SourceReply {
  readonly body: string;
  readonly date: string | undefined;
  /** Without its parameters, in lower case; '' where none is told. */
  readonly mediaType: string;
}

/** An answer with a token has some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * One request and its successful answer. Redirects are refused: headers and bodies here are secrets.
 * @throws PillionError `source_refused`, `http_failed`
 */
export async function requestSource(
  context: SourceContext,
  request: SourceRequest,
  signal: AbortSignal,
): Promise<SourceReply> {
  const { source, method, url, headers = {}, body, advice, explain } = request;
  // Loaded here, because sources that run programs need no client.
  const { sendRequest } = await import('../../core/http/client.ts');
  const response = await sendRequest({
    method,
    url,
    headers,
    body,
    caFile: request.tls?.caFile,
    clientCertificate: certificateOf(request.tls),
    env: request.noProxy ? withoutProxies(context.env) : context.env,
    followRedirects: false,
    maxBytes: MAX_BYTES,
    signal,
  });
  const { status } = response;
  if (status >= 200 && status < 300) {
    const { date, 'content-type': type = '' } = response.headers;
    return { body: response.body, date, mediaType: type.split(';')[0]?.trim().toLowerCase() ?? '' };
  }
  const isRedirect = status >= 300 && status < 400;
  const why = isRedirect ? 'it redirects, which is not followed' : (explain?.(response.body) ?? '');
  const hint = isRedirect ? 'give the address that it redirects to' : advice(status);
  throw SOURCE_ERRORS.source_refused({ source, status, why, advice: hint });
}

function certificateOf({ certFile, keyFile }: TlsFiles = {}): ClientCertificate | undefined {
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}
