/** The error codes of a command, read from where they are thrown, each with its hint. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ErrorCode {
  readonly code: string;
  readonly hint: string;
}

const ABOUT_FILES = 'the hint says what the volume or this user lacks';

/** Codes whose hint depends on what happened, or that are put together where they are thrown. */
const EXPLAINED: Readonly<Record<string, string>> = {
  bad_crontab: 'each finding has file, line, column and advice; `pillion cron test` shows them all',
  bad_env_file: 'the message names file and line; the attempt fails, and the file is read anew for the next',
  bad_expression:
    'the message points at the character; `pillion cron explain` shows how an expression is read',
  bad_state: 'the state file is damaged; the scheduler starts without it',
  bind_failed: 'the address cannot be listened on: the hint says why',
  connection_cut: 'the server ended the connection in the middle of an answer; the next sync tries again',
  git_failed: 'git failed in a way that is not known: its own words are in the message',
  github_app_failed: 'the message says which part: the key, the clock, the installation, or the server',
  hook_failed: 'the hook is tried again; its last words are in the message',
  http_failed:
    'no complete answer from a server (name, connection, certificate, time): the hint says what to check',
  probe_failed: 'the server answered with an error; the next sync tries again',
  protocol_error:
    "the answer is not git's protocol: check that --repo is a git repository and no proxy answers instead",
  read_failed: `a file cannot be read: ${ABOUT_FILES}`,
  remove_failed: `a file cannot be removed: ${ABOUT_FILES}`,
  switch_failed: `a link cannot be switched: ${ABOUT_FILES}`,
  usage: 'a flag, a variable or a configuration file is wrong: the message names it',
  write_failed: `a file cannot be written: ${ABOUT_FILES}`,
};

/** Reasons that end a wait, never the message of a failure. */
const INTERNAL = new Set(['shutdown']);

/** The codes in a text of TypeScript with their literal hints; undefined where the hint is no plain text. */
export function codesIn(text: string): { code: string; hint: string | undefined }[] {
  return [...text.matchAll(/code: '([a-z_]+)'/g)].map((match) => {
    const rest = text.slice(match.index);
    const end = rest.search(/\}\)+[;,]?\s*\n/);
    const hint = /hint:\s*'([^'\n]*)'/.exec(end === -1 ? rest : rest.slice(0, end))?.[1];
    return { code: match[1] ?? '', hint };
  });
}

function sourcesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sources = names.filter(
    (name) => name.endsWith('.ts') && !/\.test\.ts$|(testing|fixtures)\//.test(name),
  );
  return sources.toSorted().map((name) => readFileSync(join(folder, name), 'utf8'));
}

/**
 * Every code that a command can log: `first` in their order, then those of its folders and of core by name.
 * @throws when one has neither a literal hint nor an explanation
 */
export function errorCodes(folders: readonly string[], first: readonly ErrorCode[] = []): ErrorCode[] {
  const texts = [...folders, 'src/core'].flatMap(sourcesBelow);
  const composed = Object.keys(EXPLAINED).filter((code) => texts.some((text) => text.includes(code)));
  const found = [...texts.flatMap(codesIn), ...composed.map((code) => ({ code, hint: EXPLAINED[code] }))];
  const rows = new Map(first.map((row) => [row.code, row]));
  for (const { code, hint } of found.toSorted((a, b) => a.code.localeCompare(b.code, 'en'))) {
    if (rows.has(code) || INTERNAL.has(code)) {
      continue;
    }
    const told = EXPLAINED[code] ?? hint;
    if (told === undefined) {
      throw new Error(
        `no hint for the error code ${code} of ${folders.join(', ')}: explain it in scripts/docs/error-codes.ts`,
      );
    }
    rows.set(code, { code, hint: told });
  }
  return [...rows.values()];
}
