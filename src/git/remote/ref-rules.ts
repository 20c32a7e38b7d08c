/** Which remote ref a short name means: the rules of gitrevisions(7), in git's order. */

const RULES: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
];

/** Every full name that a ref could mean, most important first. */
export function candidates(name: string): string[] {
  return RULES.map((rule) => rule(name));
}

export interface AdvertisedRef {
  readonly name: string;
  readonly hash: string;
  /** What an annotated tag points to in the end. */
  readonly peeled?: string;
}

/** The ref that git would fetch for a name, out of an advertisement. */
export function findRef(name: string, refs: ReadonlyMap<string, AdvertisedRef>): AdvertisedRef | undefined {
  const found = candidates(name).find((candidate) => refs.has(candidate));
  return found === undefined ? undefined : refs.get(found);
}
