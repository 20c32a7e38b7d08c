/**
 * What was delivered before, so that nobody can start a sync with a request that he has only seen. An id is remembered, and
 * where nothing but the body is signed the body too, since the id next to it can be made up.
 */

/** How many deliveries are remembered; about 200 bytes each. */
const REMEMBERED = 2000;

export interface Seen {
  readonly id: string | undefined;
  /** The signature of the body where it is all that is signed. */
  readonly body: string | undefined;
  /** Whose ref was pushed: of several repositories its name. */
  readonly of?: string | undefined;
  /** Where the followed ref was before the push, and is now; undefined for what moves it not. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface Replays {
  /**
   * Whether this came before. The same body under another id is a push that was made once more (a branch that went back and
   * forth) if it begins where the last push of the followed ref has moved it to.
   */
  has(seen: Seen): boolean;
  add(seen: Seen): void;
}

export function createReplays(limit: number = REMEMBERED): Replays {
  const known = new Set<string>();
  const last = new Map<string | undefined, string>();
  const keysOf = ({ id, body }: Seen) => ({
    id: id === undefined ? undefined : `id ${id}`,
    body: body === undefined ? undefined : `body ${body}`,
  });
  const remember = (key: string | undefined) => {
    if (key === undefined) {
      return;
    }
    known.add(key);
    const [oldest] = known;
    if (known.size > limit && oldest !== undefined) {
      known.delete(oldest);
    }
  };
  return {
    has(seen) {
      const { id, body } = keysOf(seen);
      if (id !== undefined && known.has(id)) {
        return true;
      }
      const isContinued = seen.before !== undefined && seen.before === last.get(seen.of);
      return body !== undefined && known.has(body) && !isContinued;
    },
    add(seen) {
      const { id, body } = keysOf(seen);
      remember(id);
      remember(body);
      if (seen.after !== undefined) {
        last.set(seen.of, seen.after);
      }
    },
  };
}
