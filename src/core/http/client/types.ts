export type Environment = Readonly<Record<string, string | undefined>>;

/** PEM files of a client certificate (mutual TLS). They are read when a connection is opened, so they may be renewed. */
export interface ClientCertificate {
  /** The certificate and what else its chain needs. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** How connections are made. */
export interface ClientSettings {
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS are read from here. */
  readonly env: Environment;
  /** PEM file of the only authorities to trust, in place of those that `env` or the system names. */
  readonly caFile?: string | undefined;
  /** Shown to the host of the first URL only, not to where redirects lead. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Default `pillion`. */
  readonly userAgent?: string | undefined;
}

export type OnData = (chunk: Buffer) => void | Promise<void>;

/** What is asked. */
export interface ClientCall {
  readonly method: string;
  /** http: or https:. User info becomes basic authentication. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** File with a token for `Authorization: Bearer`, read for each call, since tokens are renewed. */
  readonly bearerFile?: string | undefined;
  /** For the whole exchange, redirects and body included. Milliseconds. Without it only the signal ends the wait. */
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
  /** Default true: up to ten, by Go's rules. Without it the redirect itself is the answer. */
  readonly followRedirects?: boolean | undefined;
  /** A longer body is an error. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * Sees the body of a 200 as it comes, and the response has none; what it throws ends the call. Until a promise that it
   * returns is resolved, nothing more is read. The body of another status is left unread then: the status is the answer.
   */
  readonly onData?: OnData | undefined;
  /** In a session: asking twice does no harm, whatever the method, when a kept connection turns out to be gone. */
  readonly repeatable?: boolean | undefined;
}

export type ClientRequest = ClientSettings & ClientCall;

export interface ClientResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As UTF-8. */
  readonly body: string;
}

/** Requests that share their connections. */
export interface ClientSession {
  /** Rejects as `sendRequest` does. */
  send(call: ClientCall): Promise<ClientResponse>;
  /** Ends all connections; calls under way fail. */
  close(): void;
}
