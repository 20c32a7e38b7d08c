/** Looking into JSON that anybody may have written. */

/** No name or address in a delivery is longer; what is, is none. */
const MAX_TEXT = 2048;
/** A push moves few refs; those beyond are not looked at. */
const MAX_ITEMS = 1000;

type Path = readonly string[];

function at(data: unknown, path: Path): unknown {
  let found = data;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) {
      return undefined;
    }
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** The text at a path; undefined where there is none, an empty one, or one of more than 2048 characters. */
export function textAt(data: unknown, ...path: Path): string | undefined {
  const found = at(data, path);
  return typeof found === 'string' && found !== '' && found.length <= MAX_TEXT ? found : undefined;
}

/** The first items of the array at a path; none where there is no array. */
export function listAt(data: unknown, ...path: Path): readonly unknown[] {
  const found = at(data, path);
  return Array.isArray(found) ? found.slice(0, MAX_ITEMS) : [];
}

/** The texts at several paths that are there. */
export function textsAt(data: unknown, paths: readonly Path[]): string[] {
  return paths.map((path) => textAt(data, ...path)).filter((text) => text !== undefined);
}
