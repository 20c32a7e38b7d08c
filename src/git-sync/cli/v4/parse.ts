/** Reads the command line and environment of git-sync v4. */
import { resolve } from 'node:path';
import { createRedactor } from '../../../core/options/redactor.ts';
import { version } from '../../../core/version.ts';
import { isLinkItself } from '../address-checks.ts';
import { firstComplaint } from '../checks.ts';
import { linkOrDefault } from '../repo-url.ts';
import { type ExitResult, lines, type ParseInput, type ParseResult } from '../result.ts';
import { errorFilePath } from '../settings-parts.ts';
import { rootCheck, v4Checks } from './checks.ts';
import { applyDeprecated } from './deprecated.ts';
import { manual } from './manual.ts';
import { type V4Values, v4Options } from './options.ts';
import { readV4 } from './read.ts';
import { v4Settings } from './settings.ts';
import { givenKeys, v4Shown } from './shown.ts';
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

/** What options that are deprecated have set. */
const changedKeys = (before: V4Values, after: V4Values): string[] =>
  Object.keys(after).filter((key) => Reflect.get(before, key) !== Reflect.get(after, key));

/** Reads a v4 invocation; nothing but its arguments is looked at. */
export function parseV4(input: ParseInput): ParseResult {
  const redactor = createRedactor(v4Options, input.secrets);
  const usage = () => v4Usage(v4Options, input.startedAs);
  const { values: given, reading, notes, fatal, error } = readV4(input.argv, input.env, redactor);
  if (fatal !== undefined) {
    return exit(EXIT_FAILURE, '', lines(...notes, fatal));
  }
  if (error !== undefined) {
    const messages = error.hint === undefined ? [error.message] : [error.message, error.hint];
    const advice = error.advice === undefined ? [] : [error.advice];
    return exit(EXIT_USAGE, lines(...messages), lines(...notes, ...messages, ...advice) + usage());
  }
  const text = requestedText(given, usage);
  if (text !== undefined) {
    return exit(0, text, lines(...notes));
  }
  const { values, log } = applyDeprecated(given);
  if (values.config !== '') {
    return {
      kind: 'config',
      file: resolve(input.cwd, values.config),
      given: {
        values,
        keys: new Set([...givenKeys(reading), ...changedKeys(given, values)]),
        cwd: input.cwd,
        shown: v4Shown(reading, values.verbose, redactor),
      },
      notes: { stderr: notes, log },
    };
  }
  const withoutRoot = rootCheck(values);
  if (withoutRoot !== undefined) {
    return rejected(withoutRoot, notes, usage());
  }
  const root = resolve(input.cwd, values.root);
  const complaint = firstComplaint(v4Checks, { ...values, root });
  if (complaint !== undefined) {
    // What an earlier configuration has published is not replaced by what is wrong with this one.
    const isLink = isLinkItself(values.errorFile, linkOrDefault(values.link, values.repo), root);
    const path = isLink ? undefined : errorFilePath(values.errorFile, root, input.cwd);
    const result = rejected(complaint, notes, usage());
    return path === undefined ? result : { ...result, errorFile: { root, path, text: complaint } };
  }
  const shown = v4Shown(reading, values.verbose, redactor);
  return {
    kind: 'run',
    settings: v4Settings(values, givenKeys(reading), input.cwd, shown),
    notes: { stderr: notes, log },
  };
}
