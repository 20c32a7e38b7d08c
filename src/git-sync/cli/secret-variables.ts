import { secretVariables, withoutVariables } from '../../core/options/secrecy.ts';
import type { GitSyncSettings } from '../settings.ts';
import { v3Options } from './v3/options.ts';
import { v4Options } from './v4/options.ts';

/** The variables that hold secrets, in either dialect: hooks do not get them (git-sync hands them over). */
const SECRET_VARIABLES = secretVariables(v3Options, v4Options);

/** The environment of hooks: without what is secret, but for what `--hook-variables` names. */
export function hookEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { hookVariables }: Pick<GitSyncSettings, 'hookVariables'>,
): Record<string, string> {
  return withoutVariables(
    env,
    new Set([...SECRET_VARIABLES].filter((name) => !hookVariables.includes(name))),
  );
}
