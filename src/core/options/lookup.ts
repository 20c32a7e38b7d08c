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

/** Edits from one word to the other; two neighbours that changed places count as one, as the slip of the pen it is. */
function distance(name: string, word: string, max: number): number {
  let best = leven(name, word, { maxDistance: max });
  for (let at = 0; at + 1 < name.length; at += 1) {
    const swapped = name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2);
    best = Math.min(best, 1 + leven(swapped, word, { maxDistance: max }));
  }
  return best;
}

/** The nearest of the known names, or undefined when none is near enough to be a slip of the pen. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.round(name.length / 3));
  let best: { word: string; edits: number } | undefined;
  for (const word of known) {
    if (word.startsWith(name) && name.length > 2) {
      best = best === undefined || best.edits > 1 ? { word, edits: 1 } : best;
      continue;
    }
    // Each character more or less is an edit, and a name of a megabyte would be compared for minutes.
    const apart = Math.abs(word.length - name.length);
    const edits = apart > allowed ? apart : distance(name, word, allowed + 1);
    if (edits <= allowed && (best === undefined || edits < best.edits)) {
      best = { word, edits };
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
