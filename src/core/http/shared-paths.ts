import { jsonReply, type Reply, type Route, textReply } from './route.ts';

export interface HealthCheck {
  readonly ok: boolean;
  /** Why not, for a person; shown in the 503's body. */
  readonly reason?: string | undefined;
}

/** What the paths that every command has tell. */
export interface SharedPaths {
  /** `/livez`: the loop still turns. */
  readonly live: () => HealthCheck;
  /** `/readyz`: the data is there and fresh enough. */
  readonly ready: () => HealthCheck | Promise<HealthCheck>;
  /** `/metrics`. */
  readonly metrics?: (() => Promise<{ contentType: string; body: string }>) | undefined;
  /** `/status`: any data, or a promise of it; rendered as JSON. */
  readonly status?: (() => unknown) | undefined;
  /** Applied to `/status` and to the reasons of health checks; pass the secrets' `redact`. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** The routes of the paths that every command has. Bodies of requests are not read. */
export function sharedRoutes(paths: SharedPaths): Route[] {
  const redact = paths.redact ?? ((text: string) => text);
  const { metrics, status } = paths;
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, handle });
  return [
    get('/livez', () => health(paths.live(), redact)),
    get('/readyz', async () => health(await paths.ready(), redact)),
    ...(metrics ? [get('/metrics', async () => ({ status: 200, ...(await metrics()) }))] : []),
    ...(status ? [get('/status', async () => jsonReply(200, await status(), redact))] : []),
  ];
}

function health(check: HealthCheck, redact: (text: string) => string): Reply {
  return textReply(check.ok ? 200 : 503, check.ok ? 'ok' : redact(check.reason ?? 'not ok'));
}
