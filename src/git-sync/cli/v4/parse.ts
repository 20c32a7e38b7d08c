/** Reads the command line and environment of git-sync v4. */
import { resolve } from 'node:path';
import { createRedactor } from '../../../core/options/redactor.ts';
import { version } from '../../../core/version.ts';
import { firstComplaint } from '../checks.ts';
import { type ExitResult, lines, type ParseInput, type ParseResult } from '../result.ts';
import { errorFilePath } from '../settings-parts.ts';
import { rootCheck, v4Checks } from './checks.ts';
import { renewV4 } from './deprecated.ts';
import { readEnv } from './env.ts';
import { manual } from './manual.ts';
import { type V4Values, v4Options } from './options.ts';
import { resolveV4 } from './resolve.ts';
import { v4Settings } from './settings.ts';
import { v4Shown } from './shown.ts';
import { v4Usage } from './usage.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

function exit(code: number, stdout: string, stderr: string): ExitResult {
  return { kind: 'exit', code, stdout, stderr };
}

/** The text that was asked for instead of a sync. */
function requestedText(values: V4Values, usage: () => string): string | undefined {
  if (values.version) {
    return lines(version);
  }
  if (values.help || values.helpAlias) {
    return usage();
  }
  return values.man ? manual(v4Options) : undefined;
}

/** A rejected configuration: message, usage, message again. */
function rejected(message: string, notes: readonly string[], usage: string): ExitResult {
  return exit(EXIT_FAILURE, '', lines(...notes, message) + usage + lines(message));
}

/** Reads a v4 invocation; nothing but its arguments is looked at. */
export function parseV4(input: ParseInput): ParseResult {
  const redactor = createRedactor(v4Options, input.secrets);
  const usage = () => v4Usage(v4Options, input.startedAs);
  const env = readEnv(v4Options, input.env, redactor);
  if (env.fatal !== undefined) {
    return exit(EXIT_FAILURE, '', lines(...env.notes, env.fatal));
  }
  const resolved = resolveV4(input.argv, env, redactor);
  const notes = [...env.notes, ...resolved.notes];
  if (resolved.error) {
    const { message, hint } = resolved.error;
    const told = hint === undefined ? [message] : [message, hint];
    return exit(EXIT_USAGE, lines(...told), lines(...notes, ...told) + usage());
  }
  const text = requestedText(resolved.values, usage);
  if (text !== undefined) {
    return exit(0, text, lines(...notes));
  }
  const { values, log } = renewV4(resolved.values);
  const withoutRoot = rootCheck(values);
  if (withoutRoot !== undefined) {
    return rejected(withoutRoot, notes, usage());
  }
  const complaint = firstComplaint(v4Checks, values);
  if (complaint !== undefined) {
    const path = errorFilePath(values.errorFile, resolve(input.cwd, values.root), input.cwd);
    const result = rejected(complaint, notes, usage());
    return path === undefined ? result : { ...result, errorFile: { path, text: complaint } };
  }
  const shown = v4Shown(resolved, env, values.verbose, redactor);
  return {
    kind: 'run',
    settings: v4Settings(values, resolved.given, input.cwd, shown),
    notes: { stderr: notes, log },
  };
}
