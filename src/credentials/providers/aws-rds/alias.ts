import { regionOfEndpoint } from './advice.ts';

/** Looks up what a name is an alias for; rejects where it is none. */
export type ResolveCname = (name: string) => Promise<readonly string[]>;

const MAX_ALIASES = 8;

/**
 * The endpoint of RDS that an alias (CNAME) leads to. A token made for the alias is refused at login, since RDS compares
 * host names as they are.
 */
export async function endpointBehind(host: string, resolve: ResolveCname): Promise<string | undefined> {
  let name = host;
  for (let steps = 0; steps < MAX_ALIASES; steps += 1) {
    const [next] = await resolve(name).catch(() => []);
    if (next === undefined) {
      return undefined;
    }
    name = next;
    if (regionOfEndpoint(name) !== undefined) {
      return name;
    }
  }
  return undefined;
}

/** What to say about a host that is no endpoint of RDS. */
export function aliasWarning(host: string, endpoint: string | undefined): string {
  const found = endpoint === undefined ? 'the endpoint that RDS shows for the instance' : endpoint;
  return `${host} is no endpoint of RDS, and RDS takes only tokens made for its own name; give host: ${found}`;
}
