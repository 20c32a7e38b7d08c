import leven from 'leven';
import type { FlagLookup, FlagShape } from './flag-syntax.ts';
import type { Options } from './option.ts';

/** Finds options by the names that are written on a command line. */
export function flagLookup(options: Options): FlagLookup {
  const longs = new Map<string, FlagShape>();
  const shorts = new Map<string, FlagShape>();
  for (const [key, declared] of Object.entries(options)) {
    if (declared.envOnly) {
      continue;
    }
    const shape = { key, boolean: declared.type.boolean ?? false };
    longs.set(declared.flag, shape);
    if (declared.short !== undefined) {
      shorts.set(declared.short, shape);
    }
  }
  return { long: (name) => longs.get(name), short: (letter) => shorts.get(letter) };
}

/** The nearest of the known names, or undefined when none is near enough to be a slip of the pen. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  // Swapped neighbours count as two: a word of five letters may have them.
  const allowed = Math.max(1, Math.round(name.length / 3));
  let best: { word: string; distance: number } | undefined;
  for (const word of known) {
    const distance =
      word.startsWith(name) && name.length > 2 ? 1 : leven(name, word, { maxDistance: allowed + 1 });
    if (distance <= allowed && (best === undefined || distance < best.distance)) {
      best = { word, distance };
    }
  }
  return best?.word;
}

/** The flags that help lists: neither hidden nor deprecated nor settable by environment only. */
export function visibleFlags(options: Options): string[] {
  return Object.values(options)
    .filter((declared) => !declared.hidden && declared.deprecated === undefined && !declared.envOnly)
    .map((declared) => declared.flag);
}
