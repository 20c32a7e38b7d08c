/** The error codes that are not in a table of `defineErrors` yet: read from where they are thrown. */
import { readFileSync } from 'node:fs';
import type { ErrorCode } from './error-codes.ts';

const ABOUT_FILES = 'the hint says what the volume or this user lacks';

/** Codes whose hint depends on what happened, or that are put together where they are thrown. */
const EXPLAINED: Readonly<Record<string, string>> = {
  read_failed: `a file cannot be read: ${ABOUT_FILES}`,
  remove_failed: `a file cannot be removed: ${ABOUT_FILES}`,
  switch_failed: `a link cannot be switched: ${ABOUT_FILES}`,
  write_failed: `a file cannot be written: ${ABOUT_FILES}`,
};

const FILE_ACTIONS = new Set(['read_failed', 'remove_failed', 'switch_failed', 'write_failed']);

/** The codes in a text of TypeScript with their literal hints; undefined where the hint is no plain text. */
export function codesIn(text: string): { code: string; hint: string | undefined }[] {
  return [...text.matchAll(/code: '([a-z]+_[a-z_]+)'/g)].map((match) => {
    const rest = text.slice(match.index);
    const end = rest.search(/\}\)+[;,]?\s*\n/);
    const hint = /hint:\s*(['"])(.*?)\1,?$/m.exec(end === -1 ? rest : rest.slice(0, end))?.[2];
    return { code: match[1] ?? '', hint };
  });
}

/** The codes of these sources. Throws when one has neither a literal hint nor an explanation. */
export function untabledCodes(sources: readonly string[]): ErrorCode[] {
  const texts = sources.map((path) => readFileSync(path, 'utf8'));
  const isComposed = (code: string) =>
    texts.some((text) => text.includes(`'${code}'`)) ||
    (FILE_ACTIONS.has(code) && texts.some((text) => text.includes('action}_failed')));
  const composed = Object.keys(EXPLAINED).filter(isComposed);
  const found = [...texts.flatMap(codesIn), ...composed.map((code) => ({ code, hint: EXPLAINED[code] }))];
  return found.map(({ code, hint }) => {
    const about = EXPLAINED[code] ?? hint;
    if (about === undefined) {
      throw new Error(`no hint for the error code ${code}: give it a row in a table of defineErrors`);
    }
    return { code, about };
  });
}
