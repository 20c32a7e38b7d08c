/** Reads the command line and environment of git-sync v3. */
import { resolve } from 'node:path';
import type { Option, Options } from '../../../core/options/option.ts';
import type { Reading } from '../../../core/options/read-options.ts';
import { createRedactor, type Redactor } from '../../../core/options/redactor.ts';
import { version } from '../../../core/version.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { isLinkItself } from '../address-checks.ts';
import { firstComplaint } from '../checks.ts';
import { linkOrDefault } from '../repo-url.ts';
import { type ExitResult, type LogNote, lines, type ParseInput, type ParseResult } from '../result.ts';
import { unknownVariables } from '../unknown-variables.ts';
import { v4Options } from '../v4/options.ts';
import { givenKeys } from '../v4/shown.ts';
import { v3Checks } from './checks.ts';
import { GLOG_NAMES } from './glog.ts';
import { errorFileInRoot, type V3Values, v3Options } from './options.ts';
import { readV3 } from './read.ts';
import { v3Settings } from './settings.ts';
import { v3Usage } from './usage.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

const options: Options = v3Options;

function exit(code: number, stdout: string, stderr: string): ExitResult {
  return { kind: 'exit', code, stdout, stderr };
}

/**
 * With the root that was given, or v3's default; absolute, if it is not empty. $GITSYNC_ROOT is not looked at: it is a
 * variable of v4, which the image sets to v4's default, while a v3 manifest without a root has its volume at $HOME/git
 * (/tmp/git in the image).
 */
function withRoot(values: V3Values, uses: Reading['uses'], home: string, cwd: string): V3Values {
  const wasGiven = values.root !== '' || uses.some((use) => use.key === 'root');
  const root = wasGiven ? values.root : `${home}/git`;
  return { ...values, root: root === '' ? '' : resolve(cwd, root) };
}

/** The exechook under its old name counts when there is none under the new. */
function withHook(values: V3Values): { values: V3Values; log: readonly LogNote[] } {
  if (values.exechookCommand !== '' || values.syncHookCommand === '') {
    return { values, log: [] };
  }
  const message = '--sync-hook-command is deprecated, please use --exechook-command instead';
  return {
    values: { ...values, exechookCommand: values.syncHookCommand },
    log: [{ message, fields: {} }],
  };
}

/** Without their text: a misplaced one may be a secret. */
function ignoredArguments(count: number): string[] {
  return count === 0
    ? []
    : [
        `the first argument that is no flag ends the flags: ${count} have no effect; a value of true or false goes behind "="`,
      ];
}

function show(reading: Reading, redactor: Redactor): GitSyncSettings['shown'] {
  const shown: Record<string, string> = {};
  const isIgnored = (declared: Option<unknown>) => GLOG_NAMES.has(declared.flag);
  for (const use of reading.uses) {
    const declared = options[use.key];
    if (declared && !isIgnored(declared)) {
      shown[`-${declared.flag}`] = redactor.showValue(declared, use.value);
    }
  }
  for (const [key, { name, texts }] of reading.variables) {
    const declared = options[key];
    if (declared) {
      shown[`$${name}`] = redactor.showValue(declared, texts[0] ?? '');
    }
  }
  return shown;
}

function rejected(complaint: string, values: V3Values, before: string, input: ParseInput): ExitResult {
  const stderr = before + lines(complaint) + v3Usage(v3Options, input.startedAs);
  const result = exit(EXIT_FAILURE, '', stderr);
  const { root } = values;
  const file = errorFileInRoot(values.errorFile);
  // What an earlier configuration has published is not replaced by what is wrong with this one.
  if (file === '' || root === '' || isLinkItself(file, linkOrDefault(values.dest, values.repo), root)) {
    return result;
  }
  const path = resolve(root, file);
  return { ...result, errorFile: { root, path, text: complaint } };
}

/** Reads a v3 invocation; nothing but its arguments is looked at. */
export function parseV3(input: ParseInput): ParseResult {
  // A secret flag of v4 may stand where v3 takes it for the value of another.
  const redactor = createRedactor({ ...v4Options, ...v3Options }, input.secrets);
  const read = readV3(input.argv, input.env, redactor);
  const { reading } = read;
  const notes = [
    ...reading.notes,
    ...unknownVariables(input.env, options),
    ...ignoredArguments(reading.positionals.length),
  ];
  const before = lines(...notes);
  if (read.error) {
    const { message, hint } = read.error;
    const messages = hint === undefined ? [message] : [message, hint];
    return exit(EXIT_USAGE, '', before + lines(...messages) + v3Usage(v3Options, input.startedAs));
  }
  if (read.help) {
    return exit(0, '', before + v3Usage(v3Options, input.startedAs));
  }
  if (read.values.version) {
    return exit(0, lines(version), before);
  }
  const home = input.home ?? input.env.HOME ?? '';
  const { values, log } = withHook(withRoot(read.values, reading.uses, home, input.cwd));
  const complaint = firstComplaint(v3Checks, values);
  if (complaint !== undefined) {
    return rejected(complaint, values, before, input);
  }
  return {
    kind: 'run',
    settings: v3Settings(values, givenKeys(reading), show(reading, redactor)),
    notes: { stderr: notes, log },
  };
}
