/** Command line, environment and file to what is to be done. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandContext } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import type { Options, Values } from '../../core/options/option.ts';
import { resolveOptions } from '../../core/options/resolve.ts';
import { buildCredentials } from '../config/build.ts';
import type { ConfigurationRequest, LoadConfiguration } from '../config/load.ts';
import type { CredentialSpec } from '../config/spec.ts';
import { CREDENTIAL_OPTIONS, PROCESS_OPTIONS, type RUN_OPTIONS, type RunValues } from './options.ts';

export interface Settings<O extends Options = typeof RUN_OPTIONS> {
  readonly values: Values<O>;
  readonly credentials: readonly CredentialSpec[];
}

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
  load: LoadConfiguration,
): Promise<Settings<O>> {
  const { argv, env } = context;
  const { values, positionals } = resolveOptions(options, { argv, env });
  const { settings, entries } = await load(requestOf(values, positionals, context.cwd));
  // Checked against these alone: what belongs to one credential is no setting of the process.
  resolveOptions(PROCESS_OPTIONS, { argv: [], env: {}, file: { values: settings } });
  const credentials = buildCredentials(entries, { env, readFile: (path) => readFileSync(path, 'utf8') });
  return { values: resolveOptions(options, { argv, env, file: { values: settings } }).values, credentials };
}

function requestOf(flags: RunValues, positionals: readonly string[], cwd: string): ConfigurationRequest {
  if (flags.config !== '') {
    rejectMixture(flags, positionals);
    return { path: resolve(cwd, flags.config) };
  }
  if (flags.provider === '') {
    throw usageError(
      'there is no credential',
      '--config FILE, or --provider NAME and --output FORMAT=PATH; see --help',
    );
  }
  const { provider, host, port, user, database, region, output: outputs, reload, set } = flags;
  return { provider, host, port, user, database, region, outputs, reload, set, command: positionals };
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
