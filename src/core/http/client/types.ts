export type Environment = Readonly<Record<string, string | undefined>>;

export interface ClientRequest {
  readonly method: string;
  /** http: or https:. User info becomes basic authentication. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, redirects and body included. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Default true: up to ten, by Go's rules. */
  readonly followRedirects?: boolean;
  /** A longer body is an error. Default 1 MiB. */
  readonly maxBytes?: number;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS are read from here. */
  readonly env: Environment;
  readonly userAgent?: string;
}

export interface ClientResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: string;
}
