import type { CommandContext, ExitStatus } from '../core/command.ts';
import { usageError } from '../core/errors.ts';
import { nearest } from '../core/options/lookup.ts';
import type { Options } from '../core/options/option.ts';
import { type Resolved, resolveOptions } from '../core/options/resolve.ts';
import { version } from '../core/version.ts';
import { EXPLAIN_OPTIONS, INJECT_OPTIONS, POLICY_OPTIONS, PROFILES_OPTIONS } from './options.ts';

type SubCommand = (context: CommandContext) => Promise<ExitStatus>;

const SUB_COMMANDS: Readonly<Record<string, SubCommand>> = {
  explain: async (context) => {
    const { values, positionals } = read(context, EXPLAIN_OPTIONS);
    if (values.help) {
      return print(context, (await import('./cli/help.ts')).explainHelp());
    }
    refuseWords(positionals, 'pillion inject explain -f FILE');
    const { explainManifests } = await import('./cli/explain.ts');
    return explainManifests(context, values);
  },
  policy: async (context) => {
    const { values, positionals } = read(context, POLICY_OPTIONS);
    if (values.help) {
      return print(context, (await import('./cli/help.ts')).policyHelp());
    }
    refuseWords(positionals, 'pillion inject policy');
    const { printPolicies } = await import('./cli/policy.ts');
    return printPolicies(context, values);
  },
  profiles: async (context) => {
    const { values, positionals } = read(context, PROFILES_OPTIONS);
    if (values.help) {
      return print(context, (await import('./cli/help.ts')).profilesHelp());
    }
    const { listProfiles } = await import('./cli/profiles.ts');
    return listProfiles(context, values, positionals);
  },
};

/** `pillion inject`: a sub-command, or manifests in and manifests out. */
export async function run(context: CommandContext): Promise<ExitStatus> {
  const [first = '', ...rest] = context.argv;
  const subCommand = Object.hasOwn(SUB_COMMANDS, first) ? SUB_COMMANDS[first] : undefined;
  if (subCommand !== undefined) {
    return subCommand({ ...context, argv: rest });
  }
  const { values, positionals } = read(context, INJECT_OPTIONS);
  if (values.help) {
    return print(context, (await import('./cli/help.ts')).injectHelp());
  }
  if (values.version) {
    return print(context, `${version}\n`);
  }
  refuseWords(positionals, 'pillion inject -f FILE');
  if (values.uninject && values.diff) {
    throw usageError(
      '--uninject and --diff exclude each other',
      'print the result and compare it with diff(1)',
    );
  }
  const { injectManifests } = await import('./cli/inject.ts');
  return injectManifests(context, values);
}

function read<const O extends Options>({ argv, env }: CommandContext, options: O): Resolved<O> {
  return resolveOptions(options, { argv, env });
}

function print(context: CommandContext, text: string): ExitStatus {
  context.stdout(text);
  return 0;
}

/** A file without -f, or a sub-command with a slip of the pen. */
function refuseWords([first]: readonly string[], usage: string): void {
  if (first !== undefined) {
    const near = nearest(first, Object.keys(SUB_COMMANDS));
    throw usageError(
      `unexpected argument ${JSON.stringify(first)}`,
      near === undefined ? `${usage}; see --help` : `did you mean pillion inject ${near}?`,
    );
  }
}
