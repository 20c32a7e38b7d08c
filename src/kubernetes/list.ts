/** Lists of the API server, page by page: a cluster has more pods than anybody wants in memory at once. */
import type { ApiClient } from './client.ts';
import { type Json, listAt, textAt } from './json.ts';
import { refuse } from './refuse.ts';

export interface ListRequest {
  /** From `/api` or `/apis` on, perhaps with a query. */
  readonly path: string;
  /** Objects in one page. */
  readonly pageSize: number;
  /** An endless list ends here. */
  readonly maxPages: number;
  /** Only the metadata of the objects is asked for, and arrives. */
  readonly metadataOnly?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * The pages of a list, one after the other.
 * @throws PillionError `api_refused` with the status among its facts, and what `ApiClient.call` throws
 */
export async function* pagesOf(
  client: ApiClient,
  { path, pageSize, maxPages, metadataOnly, signal }: ListRequest,
): AsyncGenerator<readonly Json[]> {
  let next = '';
  for (let page = 0; page < maxPages; page += 1) {
    const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const answer = await client.call({
      method: 'GET',
      path: `${path}${path.includes('?') ? '&' : '?'}${query}`,
      metadataOnly: metadataOnly ? 'list' : undefined,
      signal,
    });
    if (answer.status !== 200) {
      refuse(`list ${path.split('?')[0]}`, answer);
    }
    yield listAt(answer.json, 'items');
    next = textAt(answer.json, 'metadata', 'continue') ?? '';
    if (next === '') {
      return;
    }
  }
}

/** All of a list that is short by its nature. Throws as `pagesOf` does. */
export async function listAll(
  client: ApiClient,
  path: string,
  signal: AbortSignal,
): Promise<readonly Json[]> {
  const all: Json[] = [];
  for await (const page of pagesOf(client, { path, pageSize: 250, maxPages: 40, signal })) {
    all.push(...page);
  }
  return all;
}
