/** Which refs of a remote are asked for, and which of them it is in the end. */
import { type AdvertisedRef, candidates, findRef } from './ref-rules.ts';

export interface RefQuery {
  /** For `ref-prefix` of ls-refs: the server lists what begins with one of them. */
  readonly prefixes: readonly string[];
  /** What `git ls-remote` is asked for: flags, and patterns. */
  readonly flags: readonly string[];
  readonly patterns: readonly string[];
  /** Whether one of many refs is chosen, so that its name tells something. */
  readonly isSelection: boolean;
  /** For one list of refs, which may be of any length. */
  start(): RefChoice;
  pick(refs: ReadonlyMap<string, AdvertisedRef>): AdvertisedRef | undefined;
}

/** What of a list is kept while it is read. */
export interface RefChoice {
  /** Whether this ref is to be kept; may drop others for it. */
  wants(name: string): boolean;
  readonly refs: Map<string, AdvertisedRef>;
}

/** The ref that a name means by git's rules. */
export function refNamed(name: string): RefQuery {
  const wanted = candidates(name);
  return {
    prefixes: wanted,
    flags: [],
    patterns: [name, `${name}^{}`],
    isSelection: false,
    start() {
      const names = new Set(wanted);
      return { wants: (ref) => names.has(ref), refs: new Map() };
    },
    pick: (refs) => findRef(name, refs),
  };
}

export const TAGS = 'refs/tags/';

/** Compares the names of tags, without `refs/tags/`: above 0 where the first is to be preferred. */
export interface TagOrder {
  /** Whether this tag comes into question. */
  isCandidate(tag: string): boolean;
  compare(one: string, other: string): number;
}

/** Of all tags the one that an order prefers. Only the best so far is held. */
export function bestTag(order: TagOrder): RefQuery {
  return {
    prefixes: [TAGS],
    flags: ['--tags'],
    patterns: [],
    isSelection: true,
    start() {
      const refs = new Map<string, AdvertisedRef>();
      let best: string | undefined;
      const wants = (ref: string) => {
        if (!ref.startsWith(TAGS)) {
          return false;
        }
        const tag = ref.slice(TAGS.length);
        if (tag === best) {
          return true;
        }
        if (!order.isCandidate(tag) || (best !== undefined && order.compare(tag, best) <= 0)) {
          return false;
        }
        best = tag;
        refs.clear();
        return true;
      };
      return { wants, refs };
    },
    pick: (refs) => refs.values().next().value,
  };
}

/** Takes a ref of a list in which what an annotated tag leads to follows as `name^{}`. */
export function keepRef({ wants, refs }: RefChoice, ref: string, hash: string): void {
  const base = ref.endsWith('^{}') ? ref.slice(0, -3) : ref;
  if (!wants(base)) {
    return;
  }
  const earlier = refs.get(base);
  refs.set(
    base,
    base === ref ? { name: base, hash } : { name: base, hash: earlier?.hash ?? hash, peeled: hash },
  );
}

/** What was picked, in short; undefined where there is none. */
export function picked(
  query: RefQuery,
  refs: ReadonlyMap<string, AdvertisedRef>,
): { readonly hash: string; readonly name?: string; readonly tag?: string } | undefined {
  const found = query.pick(refs);
  return (
    found && {
      hash: found.peeled ?? found.hash,
      ...(query.isSelection ? { name: found.name } : {}),
      ...(found.peeled === undefined ? {} : { tag: found.hash }),
    }
  );
}
