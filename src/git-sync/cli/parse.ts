/** Reads the command line of `git-sync`, whichever of its generations it was written for. */
import { chooseDialect } from './dialect.ts';
import { lines, type ParseInput, type ParseResult } from './result.ts';
import { parseV3 } from './v3/parse.ts';
import { parseV4 } from './v4/parse.ts';

export type { ExitResult, LogNote, Notes, ParseInput, ParseResult, RunResult } from './result.ts';

/**
 * Turns arguments and environment into settings, or into what is to be printed and the code to exit with. Reads
 * nothing else and never throws. `secrets` knows every secret before this returns.
 */
export function parseGitSync(input: ParseInput): ParseResult {
  const choice = chooseDialect(input);
  if ('error' in choice) {
    return { kind: 'exit', code: 1, stdout: '', stderr: lines(choice.error) };
  }
  return choice.dialect === 'v3' ? parseV3(input) : parseV4(input);
}
