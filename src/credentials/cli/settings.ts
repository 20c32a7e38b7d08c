/** Command line, environment and file to what is to be done. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandContext } from '../../core/command.ts';
import { systemErrorCode, usageError } from '../../core/errors.ts';
import type { Options, Values } from '../../core/options/option.ts';
import { resolveOptions } from '../../core/options/resolve.ts';
import type { BuildContext } from '../config/build.ts';
import type { CredentialSpec } from '../config/spec.ts';
import { CREDENTIAL_OPTIONS, PROCESS_OPTIONS, type RUN_OPTIONS, type RunValues } from './options.ts';

export interface Settings<O extends Options = typeof RUN_OPTIONS> {
  readonly values: Values<O>;
  readonly credentials: readonly CredentialSpec[];
}

const MAX_FILE_BYTES = 1024 * 1024;

/** Command line and environment alone: whether help is wanted, and which file to read. */
export function readFlags<O extends Options>(context: CommandContext, options: O): Values<O> {
  return resolveOptions(options, { argv: context.argv, env: context.env }).values;
}

/**
 * Everything, the file included.
 * @throws PillionError `usage`
 */
export async function readSettings<O extends typeof RUN_OPTIONS>(
  context: CommandContext,
  options: O,
): Promise<Settings<O>> {
  const { argv, env } = context;
  const { values, positionals } = resolveOptions(options, { argv, env });
  const flags: RunValues = values;
  const build: BuildContext = { env, readFile: (path) => readSmallFile(path) };
  if (flags.config === '') {
    const { credentialFromFlags } = await import('../config/from-flags.ts');
    if (flags.provider === '') {
      throw usageError(
        'there is no credential',
        '--config FILE, or --provider NAME and --output FORMAT=PATH; see --help',
      );
    }
    const spec = credentialFromFlags({ ...flags, outputs: flags.output, command: positionals }, build);
    return { values, credentials: [spec] };
  }
  rejectMixture(flags, positionals);
  const path = resolve(context.cwd, flags.config);
  const { parseConfigFile } = await import('../config/parse-file.ts');
  const { settings, credentials } = parseConfigFile(readConfig(path), flags.config, build);
  // Checked against these alone: what belongs to one credential is no setting of the process.
  resolveOptions(PROCESS_OPTIONS, { argv: [], env: {}, file: { values: settings } });
  return { values: resolveOptions(options, { argv, env, file: { values: settings } }).values, credentials };
}

function rejectMixture(flags: RunValues, positionals: readonly string[]): void {
  for (const [key, { flag, default: none }] of Object.entries(CREDENTIAL_OPTIONS)) {
    const value = flags[key as keyof typeof CREDENTIAL_OPTIONS];
    if (Array.isArray(value) ? value.length > 0 : value !== none) {
      throw usageError(
        `--${flag} and --config cannot be used together`,
        'put it into the file, or leave --config out',
      );
    }
  }
  if (positionals.length > 0) {
    throw usageError(`unexpected argument ${JSON.stringify(positionals[0])}`, 'see --help');
  }
}

function readConfig(path: string): string {
  try {
    return readSmallFile(path);
  } catch (error) {
    throw usageError(`cannot read ${path}: ${systemErrorCode(error) ?? 'it is too large'}`, 'check --config');
  }
}

function readSmallFile(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (text.length > MAX_FILE_BYTES) {
    throw new Error('too large');
  }
  return text;
}
