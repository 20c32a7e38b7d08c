/** What is named on the command line: manifests and profiles, read from files, folders and standard input. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { errorMessage, systemErrorCode, usageError } from '../../core/errors.ts';
import { FILE_ERRORS } from '../../core/files/file-error.ts';
import { readBytesIfExists } from '../../core/files/read.ts';
import { NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import { builtInProfiles } from '../built-in/profiles.ts';
import { clusterSettings } from '../cluster-settings.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { INJECT_ERRORS } from '../errors.ts';
import { mergeProfiles, type ProfileText } from '../profiles/merge.ts';
import type { Profile } from '../profiles/profile.ts';
import { LARGEST_TEXT } from '../profiles/read-text.ts';
import { textOfBytes } from './text-of.ts';

export interface Input {
  /** As it was named; for messages. */
  readonly name: string;
  readonly text: string;
}

/** As a file is called in messages. */
export const placeOf = (file: string): string => (file === '-' ? 'standard input' : file);

/** What is read, what of it at most, and the error that says why not. */
interface Kind {
  readonly maxBytes: number;
  readonly unreadable: typeof INJECT_ERRORS.manifest_unreadable;
}

/** Each stream is held several times while it is rewritten. */
const MANIFESTS: Kind = { maxBytes: 64 << 20, unreadable: INJECT_ERRORS.manifest_unreadable };
const PROFILES: Kind = { maxBytes: LARGEST_TEXT, unreadable: INJECT_ERRORS.profiles_unreadable };
/** What `<(helm template ...)` may take. */
const PIPE_TIMEOUT_MS = 60_000;

const YAML = /\.(?:ya?ml|json)$/;

async function readable<T>({ unreadable }: Kind, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const why = systemErrorCode(error) ?? 'it cannot be read';
    throw unreadable({ path, why }, { cause: error });
  }
}

/** The files of a folder and below in their order, or the file itself. */
async function filesAt(kind: Kind, cwd: string, name: string): Promise<string[]> {
  const found = await readable(kind, name, stat(resolve(cwd, name)));
  return found.isDirectory() ? (await filesBelow(kind, cwd, name)).toSorted() : [name];
}

/**
 * Nothing but files is opened, since a pipe would be waited for; a link may lead to a file, but not to a folder, since that may be
 * one on the way there. Names with two dots are those of a mounted ConfigMap, in which every file has a link of its own.
 */
async function filesBelow(kind: Kind, cwd: string, folder: string): Promise<string[]> {
  const entries = await readable(kind, folder, readdir(resolve(cwd, folder), { withFileTypes: true }));
  const found = entries
    .filter((entry) => !entry.name.startsWith('..'))
    .map(async (entry): Promise<string[]> => {
      const name = join(folder, entry.name);
      if (entry.isDirectory()) {
        return filesBelow(kind, cwd, name);
      }
      return YAML.test(name) && (entry.isFile() || (await leadsToFile(kind, cwd, name, entry))) ? [name] : [];
    });
  return (await Promise.all(found)).flat();
}

async function leadsToFile(kind: Kind, cwd: string, name: string, entry: Dirent): Promise<boolean> {
  return entry.isSymbolicLink() && (await readable(kind, name, stat(resolve(cwd, name)))).isFile();
}

/** The bytes of a file; undefined where there are more than it may have. */
async function bytesOf(
  { maxBytes, unreadable }: Kind,
  cwd: string,
  name: string,
): Promise<Buffer | undefined> {
  const path = resolve(cwd, name);
  try {
    const bytes = await readBytesIfExists(path, maxBytes, PIPE_TIMEOUT_MS);
    if (bytes === undefined) {
      throw unreadable({ path: name, why: 'ENOENT' });
    }
    // A pipe that nobody writes to is not waited for, and is no manifest.
    if (bytes.length === 0 && (await stat(path)).isFIFO()) {
      throw unreadable({ path: name, why: 'it is a pipe, and nothing came out of it' });
    }
    return bytes;
  } catch (error) {
    if (FILE_ERRORS.file_too_large.matches(error)) {
      return undefined;
    }
    if (!FILE_ERRORS.read_failed.matches(error)) {
      throw error;
    }
    const { systemCode } = error.facts;
    throw unreadable({ path: name, why: String(systemCode ?? errorMessage(error.cause)) }, { cause: error });
  }
}

const tooLarge = ({ maxBytes }: Kind): string => `it has more than ${maxBytes >> 20} MiB`;

function textIn(name: string, bytes: Buffer): string {
  const text = textOfBytes(bytes);
  if (typeof text !== 'string') {
    throw INJECT_ERRORS.manifest_encoding({ path: name, ...text });
  }
  return text;
}

async function readStandardInput(): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MANIFESTS.maxBytes) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** All manifests that are named; standard input where nothing is, unless that is a terminal. */
export async function readManifests(cwd: string, names: readonly string[]): Promise<Input[]> {
  if (names.length === 0 && process.stdin.isTTY) {
    throw usageError('there are no manifests', 'pillion inject -f FILE, or pipe them in; see --help');
  }
  const inputs: Input[] = [];
  for (const name of names.length === 0 ? ['-'] : names) {
    for (const file of name === '-' ? [name] : await filesAt(MANIFESTS, cwd, name)) {
      const bytes = await (file === '-' ? readStandardInput() : bytesOf(MANIFESTS, cwd, file));
      if (bytes === undefined) {
        throw INJECT_ERRORS.manifest_unreadable({ path: placeOf(file), why: tooLarge(MANIFESTS) });
      }
      inputs.push({ name: file, text: textIn(placeOf(file), bytes) });
    }
  }
  return inputs;
}

/** All profiles that are named or stand in folders that are, in order; a file that is too large keeps out no other. */
export async function readProfileFiles(cwd: string, names: readonly string[]): Promise<ProfileText[]> {
  const texts: ProfileText[] = [];
  for (const name of names) {
    for (const file of await filesAt(PROFILES, cwd, name)) {
      const bytes = await bytesOf(PROFILES, cwd, file);
      texts.push(
        bytes === undefined
          ? { name: file, text: '', problem: tooLarge(PROFILES) }
          : { name: file, text: textIn(file, bytes) },
      );
    }
  }
  return texts;
}

/** The built-in profiles and those of the named folders. Throws `bad_profiles` with every finding. */
export async function readNamedProfiles(
  cwd: string,
  names: readonly string[],
): Promise<Map<string, Profile>> {
  const { profiles, findings } = mergeProfiles(await readProfileFiles(cwd, names));
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
