/** What is named on the command line: manifests and profiles, read from files, folders and standard input. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buffer as readStream } from 'node:stream/consumers';
import { systemErrorCode, usageError } from '../../core/errors.ts';
import { NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import { builtInProfiles } from '../built-in/profiles.ts';
import { clusterSettings } from '../cluster-settings.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { INJECT_ERRORS } from '../errors.ts';
import { mergeProfiles } from '../profiles/merge.ts';
import type { Profile } from '../profiles/profile.ts';
import { textOfBytes } from './text-of.ts';

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
  return found.isDirectory() ? (await filesBelow(cwd, name)).toSorted() : [name];
}

/**
 * Nothing but files is opened, since a pipe would be waited for; a link may lead to a file, but not to a folder, since that may be
 * one on the way there. Names with two dots are those of a mounted ConfigMap, in which every file has a link of its own.
 */
async function filesBelow(cwd: string, folder: string): Promise<string[]> {
  const entries = await readable(folder, readdir(resolve(cwd, folder), { withFileTypes: true }));
  const found = entries
    .filter((entry) => !entry.name.startsWith('..'))
    .map(async (entry): Promise<string[]> => {
      const name = join(folder, entry.name);
      if (entry.isDirectory()) {
        return filesBelow(cwd, name);
      }
      return MANIFEST.test(name) && (entry.isFile() || (await leadsToFile(cwd, name, entry))) ? [name] : [];
    });
  return (await Promise.all(found)).flat();
}

async function leadsToFile(cwd: string, name: string, entry: Dirent): Promise<boolean> {
  return entry.isSymbolicLink() && (await readable(name, stat(resolve(cwd, name)))).isFile();
}

async function textIn(name: string, bytes: Promise<Buffer>): Promise<string> {
  const text = textOfBytes(await readable(name, bytes));
  if (typeof text !== 'string') {
    throw INJECT_ERRORS.manifest_encoding({ path: name, ...text });
  }
  return text;
}

/** All manifests that are named; standard input where nothing is, unless that is a terminal. */
export async function readManifests(cwd: string, names: readonly string[]): Promise<Input[]> {
  if (names.length === 0 && process.stdin.isTTY) {
    throw usageError('there are no manifests', 'pillion inject -f FILE, or pipe them in; see --help');
  }
  const inputs: Input[] = [];
  for (const name of names.length === 0 ? ['-'] : names) {
    if (name === '-') {
      inputs.push({ name: '-', text: await textIn('standard input', readStream(process.stdin)) });
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
      inputs.push({ name: file, text: await textIn(file, readFile(resolve(cwd, file))) });
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
  values: {
    readonly profiles: readonly string[];
    readonly image: string;
    readonly kubernetes: string;
    readonly allowImage: readonly string[];
  },
): Promise<InjectionSettings> {
  const target = parseVersion(values.kubernetes) ?? NEWEST_KNOWN;
  return {
    ...clusterSettings({ ...values, target }),
    profiles: await readNamedProfiles(cwd, values.profiles),
    isAllowed: () => true,
  };
}
