/** One credential from the command line: the same keys as in a file, checked by the same schema. */
import * as v from 'valibot';
import { parse } from 'yaml';
import { usageError } from '../../core/errors.ts';
import { nearest } from '../../core/options/lookup.ts';
import { type BuildContext, buildCredentials } from './build.ts';
import { describeIssue } from './parse-file.ts';
import { ConfigProblem } from './problem.ts';
import { type CredentialEntry, credentialEntry, knownKeys, PROVIDERS } from './schema.ts';

export interface CredentialFlags {
  readonly provider: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly region: string;
  readonly outputs: readonly string[];
  readonly reload: readonly string[];
  /** `KEY=VALUE` of whatever other keys the provider has; values are read as YAML. */
  readonly set: readonly string[];
  /** Words after `--`: the command of the provider exec. */
  readonly command: readonly string[];
}

/** @throws PillionError `usage` */
export function credentialFromFlags(flags: CredentialFlags, context: BuildContext): CredentialEntry {
  const { provider, host, port, user, database, region, outputs, reload, command } = flags;
  if (!Object.hasOwn(PROVIDERS, provider)) {
    const near = nearest(provider, Object.keys(PROVIDERS));
    const hint =
      near === undefined ? `providers: ${Object.keys(PROVIDERS).join(', ')}` : `did you mean ${near}?`;
    throw usageError(`unknown provider ${JSON.stringify(provider)}`, hint);
  }
  const content = {
    provider,
    ...(host === '' ? {} : { host }),
    ...(port === 0 ? {} : { port }),
    ...(user === '' ? {} : { user }),
    ...(database === '' ? {} : { database }),
    ...(region === '' ? {} : { region }),
    ...(outputs.length === 0 ? {} : { outputs }),
    ...(reload.length === 0 ? {} : { reload }),
    ...(command.length === 0 ? {} : { command }),
    ...Object.fromEntries(flags.set.map(readSetting)),
  };
  const parsed = v.safeParse(credentialEntry, content);
  if (!parsed.success) {
    const { path, message, hint } = describeIssue(parsed.issues[0], content, 0);
    throw usageError(`--provider ${provider}: ${message}`, hint ?? hintFor(provider, path));
  }
  try {
    buildCredentials([parsed.output], context);
    return parsed.output;
  } catch (error) {
    if (error instanceof ConfigProblem) {
      const key = error.path.slice(1).join('.');
      throw usageError(`--provider ${provider}${key === '' ? '' : `, ${key}`}: ${error.message}`, error.hint);
    }
    throw error;
  }
}

function hintFor(provider: string, path: readonly (string | number)[]): string {
  const key = String(path[0] ?? '');
  return `the keys of ${provider}: ${knownKeys(provider).join(', ')}; those without a flag are given as --set ${key || 'KEY'}=VALUE`;
}

function readSetting(text: string): [string, unknown] {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0));
  if (key === '') {
    throw usageError('--set needs KEY=VALUE', 'for example --set timeout=10s');
  }
  const value = text.slice(at + 1);
  try {
    const parsed: unknown = parse(value);
    return [key, typeof parsed === 'number' ? value : parsed];
  } catch {
    throw usageError(`--set ${key}: the value is not YAML`, 'quote it');
  }
}
