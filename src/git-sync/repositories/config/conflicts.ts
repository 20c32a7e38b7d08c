/** What repositories of one process must not have in common: names, links, roots. Pure. */
import { resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../../core/errors.ts';
import type { Options } from '../../../core/options/option.ts';
import { v4Options } from '../../cli/v4/options.ts';
import { isOwnPlace } from '../../sync/publishing/layout.ts';
import type { Entry } from './entry.ts';
import { SHARED_IN_A_ROOT } from './tables.ts';

const OWN_ROOT = 'give each repository a "root" of its own';

/** Something that belongs to one entry, at a path. */
interface Place {
  readonly path: string;
  readonly entry: Entry;
  readonly key: 'root' | 'link' | 'touchFile' | 'errorFile';
}

const inRoot = ({ settings }: Entry, path: string) => resolve(settings.root, path);

/** Where an entry says what a complaint is about, or else where it begins. */
function whereOf({ layer }: Entry, key: string): string {
  return layer.keys.has(key) ? layer.where(key) : layer.start;
}

function sameNames(entries: readonly Entry[]): void {
  const taken = new Map<string, Entry>();
  for (const entry of entries) {
    const other = taken.get(entry.name);
    if (other !== undefined) {
      const message = `the name "${entry.name}" is taken by ${other.layer.start}`;
      throw usageError(`${whereOf(entry, 'name')}: ${message}`, 'give one of them another "name"');
    }
    taken.set(entry.name, entry);
  }
}

/** A root for several is one store of objects: of one repository, and with trees that are the same whoever makes them. */
function rootsThatDiffer(entries: readonly Entry[]): void {
  const table: Options = v4Options;
  const taken = new Map<string, Entry>();
  for (const entry of entries) {
    const other = taken.get(entry.settings.root);
    if (other === undefined) {
      taken.set(entry.settings.root, entry);
      continue;
    }
    const different = SHARED_IN_A_ROOT.find(
      (key) =>
        key !== 'root' && !isDeepStrictEqual(Reflect.get(entry.values, key), Reflect.get(other.values, key)),
    );
    if (different !== undefined) {
      const flag = table[different]?.flag ?? different;
      const message = `the root is that of ${other.layer.start}, which has another "${flag}"`;
      throw usageError(`${whereOf(entry, 'root')}: ${message}`, OWN_ROOT);
    }
  }
}

function placesOf(entry: Entry): Place[] {
  const { root, link, touchFile, errorFile } = entry.settings;
  const files = (['touchFile', 'errorFile'] as const).flatMap((key): Place[] => {
    const path = { touchFile, errorFile }[key];
    return path === '' ? [] : [{ path: inRoot(entry, path), entry, key }];
  });
  return [{ path: root, entry, key: 'root' }, { path: inRoot(entry, link), entry, key: 'link' }, ...files];
}

const WORDS = { root: 'root', link: 'link', touchFile: 'touch-file', errorFile: 'error-file' } as const;

function overlap(place: Place, other: Place, how: string): never {
  const message = `the ${WORDS[place.key]} ${place.path} ${how} the ${WORDS[other.key]} of ${other.entry.layer.start}`;
  const isRoot = place.key === 'root' && other.key === 'root';
  throw usageError(
    `${whereOf(place.entry, place.key)}: ${message}`,
    isRoot ? OWN_ROOT : 'give each repository paths of its own',
  );
}

/** Whether nothing else may be below such a place. */
const isClosed = (below: Place, above: Place) => above.key !== 'root' || below.key === 'root';

function overlapping(entries: readonly Entry[]): void {
  const places = entries.flatMap(placesOf);
  const byPath = new Map<string, Place>();
  for (const place of places) {
    const other = byPath.get(place.path);
    const isOneRoot = other?.key === 'root' && place.key === 'root';
    // What one repository does with its own paths is its own affair.
    if (other !== undefined && !isOneRoot && other.entry !== place.entry) {
      overlap(place, other, 'is also');
    }
    byPath.set(place.path, other ?? place);
  }
  for (const place of places) {
    const parts = place.path.split(sep);
    for (let length = parts.length - 1; length > 1; length -= 1) {
      const above = byPath.get(parts.slice(0, length).join(sep));
      if (place.key === 'link' && above?.key === 'root' && isOwnPlace('v4', above.path, place.path)) {
        overlap(place, above, 'lies where clean-ups remove what they do not know, in');
      }
      if (above !== undefined && above.entry !== place.entry && isClosed(place, above)) {
        overlap(place, above, 'lies below');
      }
    }
  }
}

/** @throws PillionError `usage` with the place of the second of two that do not go together */
export function rejectConflicts(entries: readonly Entry[]): void {
  sameNames(entries);
  rootsThatDiffer(entries);
  overlapping(entries);
}
