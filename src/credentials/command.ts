import type { CommandContext, ExitStatus } from '../core/command.ts';
import { stayLean } from '../core/process/lean.ts';
import { version } from '../core/version.ts';
import { RUN_OPTIONS } from './cli/options.ts';
import { readFlags, readSettings } from './cli/settings.ts';
import { loadHere, loadInHelper } from './config/load.ts';
import { helperRunner } from './helper/run-helper.ts';

type SubCommand = (context: CommandContext) => Promise<ExitStatus>;

const SUB_COMMANDS: Readonly<Record<string, () => Promise<SubCommand>>> = {
  check: async () => (await import('./cli/check.ts')).checkCommand,
  helper: async () => (await import('./helper/command.ts')).helperCommand,
};

/** `pillion credentials`: a sub-command, or the sidecar. */
export async function run(context: CommandContext): Promise<ExitStatus> {
  // Whatever is made without a mode of its own is for this user alone.
  process.umask(0o077);
  const [first = '', ...rest] = context.argv;
  const load = Object.hasOwn(SUB_COMMANDS, first) ? SUB_COMMANDS[first] : undefined;
  if (load !== undefined) {
    const subCommand = await load();
    return subCommand({ ...context, argv: rest });
  }
  const flags = readFlags(context, RUN_OPTIONS);
  if (flags.help) {
    const { credentialsHelp } = await import('./cli/help.ts');
    context.stdout(credentialsHelp());
    return 0;
  }
  if (flags.version) {
    context.stdout(`${version}\n`);
    return 0;
  }
  if (!flags.oneTime) {
    stayLean();
  }
  const loader = flags.oneTime ? loadHere(context.env) : loadInHelper(helperRunner(context.env));
  const settings = await readSettings(context, RUN_OPTIONS, loader);
  const { runCredentials } = await import('./run.ts');
  return runCredentials(context, settings);
}
