/** Where entries come and go without being missed. */
import { type BytePath, parentOf } from './entry.ts';

export interface Unsteady {
  /** Whether an entry may be missing, or be there without being known. */
  has(path: BytePath): boolean;
  /** Entries directly in this directory may. */
  add(path: BytePath): void;
}

/** Directories that are marked as changing, and whatever came or went as a whole in one of them. */
export function createUnsteady(): Unsteady {
  const directories = new Set<BytePath>();
  return {
    has(path) {
      const parent = parentOf(path);
      return parent !== undefined && directories.has(parent);
    },
    add: (path) => void directories.add(path),
  };
}
