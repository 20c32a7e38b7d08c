/** Texts of profiles -> the profiles to use. Pure. A bad one keeps out neither another nor its own last good version. */
import type { Profile } from './profile.ts';
import { type ReadText, readProfiles } from './read-text.ts';

export interface ProfileText {
  /** The file or ConfigMap, for messages. */
  readonly name: string;
  readonly text: string;
  /** The only namespaces whose pods may ask for what is in it; undefined for all. */
  readonly namespaces?: ReadonlySet<string> | undefined;
  /** Why nothing of it can be used. */
  readonly problem?: string | undefined;
}

export interface ProfileFinding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
  /** Whether an earlier version of the profile goes on being used. */
  readonly keepsLast: boolean;
}

export interface Merged {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly findings: readonly ProfileFinding[];
}

/** @param last the profiles that are in use, whose versions count where the new ones are wrong */
export function mergeProfiles(
  texts: readonly ProfileText[],
  last: ReadonlyMap<string, Profile> = new Map(),
): Merged {
  const profiles = new Map<string, Profile>();
  const findings: ProfileFinding[] = [];
  for (const { name: file, text, namespaces, problem } of texts) {
    const read = problem === undefined ? readProfiles(text, file) : unusable(problem);
    for (const one of read.profiles) {
      const profile = namespaces === undefined ? one : { ...one, namespaces };
      const other = profiles.get(profile.name);
      if (other === undefined) {
        profiles.set(profile.name, profile);
      } else if (other.source === profile.source) {
        // A ConfigMap that is mounted and has the label, too: what one of the two forbids is forbidden.
        profiles.set(profile.name, { ...other, namespaces: both(other.namespaces, profile.namespaces) });
      } else {
        const message = `the profile ${profile.name} is in ${other.origin}, too`;
        findings.push({ file, line: 1, message, keepsLast: false });
      }
    }
    for (const { line, message, profile } of read.problems) {
      // Where it cannot be told which profile is wrong, all that came from this file stay.
      const kept = [...last.values()].filter((each) =>
        profile === undefined ? each.origin === file : each.name === profile,
      );
      kept.filter(({ name }) => !profiles.has(name)).forEach((each) => profiles.set(each.name, each));
      findings.push({ file, line, message, keepsLast: kept.length > 0 });
    }
  }
  return { profiles, findings };
}

function both(
  left: ReadonlySet<string> | undefined,
  right: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  return left === undefined || right === undefined
    ? (left ?? right)
    : new Set([...left].filter((name) => right.has(name)));
}

function unusable(message: string): ReadText {
  return { profiles: [], problems: [{ line: 1, message, profile: undefined }] };
}
