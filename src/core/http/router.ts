/** Which route answers a request. */
import { ANY, type Route } from './route.ts';

export type Found =
  | { readonly route: Route }
  /** The path is there, but not for this method: 405. */
  | { readonly allow: string }
  /** 404. */
  | undefined;

export type Router = (method: string, path: string) => Found;

/** Prefers the exact path, then the longest prefix; throws for two routes of the same method and path. */
export function createRouter(routes: readonly Route[]): Router {
  const byPath = new Map<string, Map<string, Route>>();
  for (const route of routes) {
    const methods = byPath.get(route.path) ?? new Map<string, Route>();
    if (methods.has(route.method)) {
      throw new Error(`two routes for ${route.method} ${route.path}`);
    }
    byPath.set(route.path, methods.set(route.method, route));
  }
  const prefixes = [...byPath.keys()]
    .filter((path) => path.endsWith('/*'))
    .map((path) => path.slice(0, -2))
    .sort((a, b) => b.length - a.length);

  return (method, path) => {
    const prefix = prefixes.find((each) => path === each || path.startsWith(`${each}/`));
    const isPattern = path.endsWith('/*');
    const exact = isPattern ? undefined : byPath.get(path);
    const methods = exact ?? (prefix === undefined ? undefined : byPath.get(`${prefix}/*`));
    if (methods === undefined) {
      return undefined;
    }
    const route = methods.get(method === 'HEAD' ? 'GET' : method) ?? methods.get(ANY) ?? methods.get(method);
    return route === undefined ? { allow: allowed(methods) } : { route };
  };
}

function allowed(methods: ReadonlyMap<string, Route>): string {
  return [...methods.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}
