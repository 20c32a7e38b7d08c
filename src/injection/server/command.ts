import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { resolveOptions } from '../../core/options/resolve.ts';
import { version } from '../../core/version.ts';
import { INJECTOR_OPTIONS } from './options.ts';

type SubCommand = (context: CommandContext) => Promise<ExitStatus>;

const SUB_COMMANDS: Readonly<Record<string, () => Promise<SubCommand>>> = {
  check: async () => (await import('./check/command.ts')).checkCommand,
  manifest: async () => (await import('./manifest/command.ts')).manifestCommand,
};

/** `pillion injector`: the admission webhooks, or a sub-command. */
export async function run(context: CommandContext): Promise<ExitStatus> {
  const [word = '', ...rest] = context.argv;
  const load = Object.hasOwn(SUB_COMMANDS, word) ? SUB_COMMANDS[word] : undefined;
  if (load !== undefined) {
    const subCommand = await load();
    return subCommand({ ...context, argv: rest });
  }
  const { values, positionals } = resolveOptions(INJECTOR_OPTIONS, context);
  if (values.help) {
    const { injectorHelp } = await import('./help.ts');
    context.stdout(injectorHelp());
    return 0;
  }
  if (values.version) {
    context.stdout(`${version}\n`);
    return 0;
  }
  if (positionals[0] !== undefined) {
    throw usageError(`unexpected argument ${JSON.stringify(positionals[0])}`, 'see pillion injector --help');
  }
  const { runInjector } = await import('./run.ts');
  return runInjector(context, values);
}
