/** What is named on the command line: manifests and profiles, read from files, folders and standard input. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import { systemErrorCode, usageError } from '../../core/errors.ts';
import { NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import { builtInProfiles } from '../built-in/profiles.ts';
import { clusterSettings } from '../cluster-settings.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { INJECT_ERRORS } from '../errors.ts';
import { mergeProfiles } from '../profiles/merge.ts';
import type { Profile } from '../profiles/profile.ts';

export interface Input {
  /** As it was named; for messages. */
  readonly name: string;
  readonly text: string;
}

const MANIFEST = /\.(?:ya?ml|json)$/;

async function readable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const why = systemErrorCode(error) ?? 'it cannot be read';
    throw INJECT_ERRORS.manifest_unreadable({ path, why }, { cause: error });
  }
}

/** The files of a folder and below in their order, or the file itself. */
async function filesAt(cwd: string, name: string): Promise<string[]> {
  const found = await readable(name, stat(resolve(cwd, name)));
  if (!found.isDirectory()) {
    return [name];
  }
  const names = await readable(name, readdir(resolve(cwd, name), { recursive: true }));
  return names
    .filter((each) => MANIFEST.test(each))
    .toSorted()
    .map((each) => join(name, each));
}

/** All manifests that are named; standard input where nothing is, unless that is a terminal. */
export async function readManifests(cwd: string, names: readonly string[]): Promise<Input[]> {
  if (names.length === 0 && process.stdin.isTTY) {
    throw usageError('there are no manifests', 'pillion inject -f FILE, or pipe them in; see --help');
  }
  const inputs: Input[] = [];
  for (const name of names.length === 0 ? ['-'] : names) {
    if (name === '-') {
      inputs.push({ name: '-', text: await readStream(process.stdin) });
    } else {
      inputs.push(...(await readFiles(cwd, [name])));
    }
  }
  return inputs;
}

/** All files that are named or stand in folders that are, in order. */
export async function readFiles(cwd: string, names: readonly string[]): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const name of names) {
    for (const file of await filesAt(cwd, name)) {
      inputs.push({ name: file, text: await readable(file, readFile(resolve(cwd, file), 'utf8')) });
    }
  }
  return inputs;
}

/** The built-in profiles and those of the named folders. Throws `bad_profiles` with every finding. */
export async function readNamedProfiles(
  cwd: string,
  names: readonly string[],
): Promise<Map<string, Profile>> {
  const { profiles, findings } = mergeProfiles(await readFiles(cwd, names));
  if (findings.length > 0) {
    const lines = findings.map(({ file, line, message }) => `${file}:${line}: ${message}`);
    throw INJECT_ERRORS.bad_profiles({ findings: lines.join('\n') });
  }
  return new Map([...builtInProfiles(), ...profiles]);
}

/** Settings of a cluster that is only known by its version. */
export async function settingsOf(
  cwd: string,
  values: { readonly profiles: readonly string[]; readonly image: string; readonly kubernetes: string },
): Promise<InjectionSettings> {
  const target = parseVersion(values.kubernetes) ?? NEWEST_KNOWN;
  return {
    ...clusterSettings({ image: values.image, target }),
    profiles: await readNamedProfiles(cwd, values.profiles),
    isAllowed: () => true,
  };
}
