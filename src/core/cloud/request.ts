/** A request for a token of a cloud's identity. */
export interface CloudRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Link-local servers of a cloud are never behind a proxy. */
  readonly noProxy?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROXY_VARIABLES = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']);

/** The environment of a request that no proxy may see. */
export function withoutProxies(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PROXY_VARIABLES.has(name)));
}
