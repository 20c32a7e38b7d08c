import type { CommandContext } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import type { Options, Values } from '../../core/options/option.ts';
import { resolveOptions } from '../../core/options/resolve.ts';
import { interspersedGoFlags } from './flags.ts';

export interface SubCommandLine<O extends Options> {
  readonly values: Values<O>;
  readonly positionals: readonly string[];
}

/** Reads the command line of a sub-command that takes exactly the arguments named. */
export function readSubCommand<O extends Options>(
  context: CommandContext,
  options: O,
  usage: string,
  names: readonly string[],
): SubCommandLine<O> {
  const { argv, env, secrets } = context;
  const { values, positionals } = resolveOptions(options, {
    argv,
    env,
    secrets,
    syntax: interspersedGoFlags,
  });
  const wantsHelp = 'help' in values && values['help'] === true;
  if (positionals.length !== names.length && !wantsHelp) {
    const message =
      positionals.length < names.length
        ? `missing argument: ${names[positionals.length] ?? ''}`
        : `too many arguments: ${positionals.slice(names.length).join(' ')}`;
    throw usageError(message, `pillion cron ${usage}`);
  }
  return { values, positionals };
}
