/** Shorthands for tests of the command line. */
import { createSecrets, type Secrets } from '../../../core/log/secrets.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { type ExitResult, type ParseInput, parseGitSync, type RunResult } from '../parse.ts';

export interface Given {
  readonly argv?: readonly string[];
  readonly env?: ParseInput['env'];
  readonly startedAs?: string;
  readonly secrets?: Secrets;
}

export const REPO = 'https://git.example.com/team/site.git';
/** The least that v4 asks for. */
export const V4: readonly string[] = [`--repo=${REPO}`, '--root=/root-dir'];
/** The least that v3 asks for. */
export const V3: readonly string[] = [`-repo=${REPO}`, '-root=/root-dir'];

export function parse(given: Given) {
  return parseGitSync({
    argv: given.argv ?? [],
    env: given.env ?? {},
    startedAs: given.startedAs ?? 'git-sync',
    cwd: '/cwd',
    secrets: given.secrets ?? createSecrets(),
  });
}

/** The result of a command line that must be taken. */
export function taken(given: Given): RunResult {
  const result = parse(given);
  if (result.kind !== 'run') {
    const why =
      result.kind === 'exit' ? `exit ${result.code}: ${result.stderr}` : `it would read ${result.file}`;
    throw new Error(why.split('\n').slice(0, 3).join(' | '));
  }
  return result;
}

/** The result of a command line that must end the process. */
export function ended(given: Given): ExitResult {
  const result = parse(given);
  if (result.kind !== 'exit') {
    throw new Error(`it would run: ${JSON.stringify(result)}`);
  }
  return result;
}

/** Settings of a v4 command line, to which the required flags are added. */
export function v4(argv: readonly string[] = [], env: ParseInput['env'] = {}): GitSyncSettings {
  return taken({ argv: [...V4, ...argv], env }).settings;
}

/** Settings of a v3 command line, to which the required flags are added. */
export function v3(argv: readonly string[] = [], env: ParseInput['env'] = {}): GitSyncSettings {
  return taken({ argv: [...V3, ...argv], env }).settings;
}

/** The complaint about a command line that must end the process with code 1. */
export function complaint(given: Given): string {
  const result = ended(given);
  if (result.code !== 1) {
    throw new Error(`exit ${result.code}, not 1: ${result.stderr}`);
  }
  const lines = result.stderr.trimEnd().split('\n');
  return lines.find((line) => line.startsWith('ERROR: ')) ?? lines.at(-1) ?? '';
}
