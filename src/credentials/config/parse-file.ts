/** Configuration files: YAML to specs, with the place of whatever is wrong. */
import * as v from 'valibot';
import { usageError } from '../../core/errors.ts';
import { nearest } from '../../core/options/lookup.ts';
import { parseOptionsFile } from '../../core/options/options-file.ts';
import { type BuildContext, buildCredentials } from './build.ts';
import { ConfigProblem, type KeyPath } from './problem.ts';
import { type CredentialEntry, credentialEntry, knownInnerKeys, knownKeys } from './schema.ts';

/** A file as read: settings of the process under the flags' names, and the credentials, as JSON could hold them. */
export interface ConfigFile {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly entries: readonly CredentialEntry[];
}

/** `credentials`, and the index in it. */
const ENTRY_DEPTH = 2;

const fileShape = v.looseObject({
  credentials: v.pipe(
    v.array(credentialEntry, 'must be a list of credentials'),
    v.minLength(1, 'must have at least one credential'),
  ),
});

/**
 * Reads a configuration file.
 * @throws PillionError `usage` with file, line and column, what is wrong and what is allowed
 */
export async function parseConfigFile(
  source: string,
  file: string,
  context: BuildContext,
): Promise<ConfigFile> {
  const { values, whereIs } = await parseOptionsFile(source, file);
  const parsed = v.safeParse(fileShape, values);
  if (!parsed.success) {
    const problem = describeIssue(parsed.issues[0], values, ENTRY_DEPTH);
    throw usageError(`${whereIs(problem.path)}: ${problem.message}`, problem.hint);
  }
  const { credentials: entries, ...settings } = parsed.output;
  try {
    // Whether they come to something is found out here, where their places are known.
    buildCredentials(entries, context);
    return { settings, entries };
  } catch (error) {
    if (error instanceof ConfigProblem) {
      throw usageError(`${whereIs(['credentials', ...error.path])}: ${error.message}`, error.hint);
    }
    throw error;
  }
}

/**
 * What valibot found, in words that name the key and what is allowed.
 * @param depth how many steps lead to an entry: 2 in a file (`credentials`, index), 0 for an entry alone
 */
export function describeIssue(issue: v.BaseIssue<unknown>, content: unknown, depth: number): ConfigProblem {
  const deepest = deepestIssue(issue);
  const path = pathOf(deepest);
  const key = String(path.at(-1) ?? '');
  if (deepest.type === 'strict_object' && deepest.expected === 'never') {
    const known = siblings(path, content, depth);
    const near = nearest(key, known);
    const hint = near ? `did you mean ${near}?` : `known: ${known.join(', ')}`;
    return new ConfigProblem(path, `unknown key "${key}"`, hint);
  }
  // Values are never shown: they may be secrets that went into the wrong place.
  const message = deepest.input === undefined ? 'is missing' : deepest.message;
  return new ConfigProblem(path, `${path.slice(depth).join('.') || path.join('.')} ${message}`);
}

function pathOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map((item) => item.key as string | number);
}

/** A union (text or map) reports that nothing fitted; why the map did not is what helps. */
function deepestIssue(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  const isMap = typeof issue.input === 'object' && issue.input !== null;
  const inner = isMap ? issue.issues?.find(({ path }) => path !== undefined) : undefined;
  if (inner?.path === undefined) {
    return issue;
  }
  const [first, ...rest] = [...(issue.path ?? []), ...inner.path];
  return first === undefined ? inner : deepestIssue({ ...inner, path: [first, ...rest] });
}

/** Keys that could stand in the place of an unknown one. */
function siblings(path: KeyPath, content: unknown, depth: number): string[] {
  const [list, ...inside] = path.slice(depth);
  if (inside.length > 0) {
    return knownInnerKeys(String(list));
  }
  const entry = path.slice(0, depth).reduce(child, content);
  return knownKeys(child(entry, 'provider'));
}

function child(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
