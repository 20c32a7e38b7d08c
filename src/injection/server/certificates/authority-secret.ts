/** The Secret that holds the authority: whichever replica comes first makes it. */
import type { Clock } from '../../../core/clock.ts';
import type { ApiAnswer, ApiClient } from '../../../kubernetes/client.ts';
import { KUBERNETES_ERRORS } from '../../../kubernetes/errors.ts';
import { type Json, textAt } from '../../../kubernetes/json.ts';
import { refuse } from '../../../kubernetes/refuse.ts';
import {
  type Authority,
  type AuthorityState,
  firstState,
  secretData,
  stateOfSecret,
} from './authority-state.ts';

export interface FoundState {
  readonly state: AuthorityState;
  readonly resourceVersion: string;
}

export interface AuthoritySecret {
  /** The state that all replicas share; made with `make` where there is none. */
  readOrCreate(signal: AbortSignal, make: () => Promise<Authority>): Promise<FoundState>;
  /** False when another replica was faster: its state counts. */
  replace(found: FoundState, state: AuthorityState, signal: AbortSignal): Promise<boolean>;
}

export function createAuthoritySecret(
  client: ApiClient,
  { namespace, secret: name }: { readonly namespace: string; readonly secret: string },
  clock: Clock,
): AuthoritySecret {
  const all = `/api/v1/namespaces/${namespace}/secrets`;
  const one = `${all}/${name}`;
  const object = (state: AuthorityState, resourceVersion?: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ...(resourceVersion !== undefined && { resourceVersion }) },
    type: 'Opaque',
    data: secretData(state),
  });

  async function read(signal: AbortSignal): Promise<ApiAnswer> {
    const answer = await client.call({ method: 'GET', path: one, signal });
    return answer.status === 200 || answer.status === 404
      ? answer
      : refuse(`read the Secret ${name}`, answer);
  }

  async function create(signal: AbortSignal, made: Authority): Promise<void> {
    const state = firstState(made, clock.now());
    const answer = await client.call({ method: 'POST', path: all, body: object(state), signal });
    if (answer.status !== 201 && answer.status !== 409) {
      refuse(`make the Secret ${name}`, answer);
    }
  }

  /** @returns whether ours is the one that counts */
  async function put(state: AuthorityState, resourceVersion: string, signal: AbortSignal): Promise<boolean> {
    const answer = await client.call({
      method: 'PUT',
      path: one,
      body: object(state, resourceVersion),
      signal,
    });
    return answer.status === 409
      ? false
      : answer.status === 200 || refuse(`change the Secret ${name}`, answer);
  }

  return {
    async readOrCreate(signal, make) {
      // More than once: another replica may make it between our looking and our making.
      for (let round = 0; round < 3; round += 1) {
        const { status, json } = await read(signal);
        const found = status === 200 ? foundIn(json) : undefined;
        if (found !== undefined) {
          return found;
        }
        const made = await make();
        if (status === 404) {
          await create(signal, made);
        } else {
          const state = firstState(made, clock.now());
          await put(state, textAt(json, 'metadata', 'resourceVersion') ?? '', signal);
        }
      }
      throw KUBERNETES_ERRORS.api_refused({ what: `keep the Secret ${name}`, status: 409, why: '' });
    },
    replace: ({ resourceVersion }, state, signal) => put(state, resourceVersion, signal),
  };
}

function foundIn(json: Json): FoundState | undefined {
  const state = stateOfSecret(json);
  return state === undefined
    ? undefined
    : { state, resourceVersion: textAt(json, 'metadata', 'resourceVersion') ?? '' };
}
