/** `pillion backup`: a sub-command, or backups on a schedule. */
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { usageError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { BACKUP_OPTIONS } from './options/backup.ts';
import { readSettings, requireTarget } from './settings.ts';

type SubCommand = (context: CommandContext) => Promise<ExitStatus>;

const SUB_COMMANDS: Readonly<Record<string, () => Promise<SubCommand>>> = {
  now: async () => (await import('./cli/now.ts')).nowCommand,
  snapshots: async () => (await import('./cli/snapshots.ts')).snapshotsCommand,
  verify: async () => (await import('./cli/verify.ts')).verifyCommand,
  drill: async () => (await import('./cli/drill.ts')).drillCommand,
  ls: async () => (await import('./cli/ls.ts')).lsCommand,
  cat: async () => (await import('./cli/cat.ts')).catCommand,
};

export async function run(context: CommandContext): Promise<ExitStatus> {
  const [first = '', ...rest] = context.argv;
  const load = Object.hasOwn(SUB_COMMANDS, first) ? SUB_COMMANDS[first] : undefined;
  if (load !== undefined) {
    const subCommand = await load();
    return subCommand({ ...context, argv: rest });
  }
  const { values, positionals } = await readSettings(context, BACKUP_OPTIONS);
  if (values.help) {
    const { backupHelp } = await import('./cli/help.ts');
    context.stdout(backupHelp());
    return 0;
  }
  if (values.version) {
    context.stdout(`${version}\n`);
    return 0;
  }
  const [word] = positionals;
  if (word !== undefined) {
    if (Object.hasOwn(SUB_COMMANDS, word)) {
      throw usageError(
        `the sub-command ${word} stands behind a flag`,
        `it comes first: pillion backup ${word} --volume ...`,
      );
    }
    const { nearest } = await import('../core/options/lookup.ts');
    const near = nearest(word, Object.keys(SUB_COMMANDS));
    throw usageError(
      `there is no pillion backup ${word}`,
      near === undefined ? `sub-commands: ${Object.keys(SUB_COMMANDS).join(', ')}` : `did you mean ${near}?`,
    );
  }
  const target = await requireTarget(values, positionals);
  const { runBackups } = await import('./schedule/run-backups.ts');
  return runBackups(context, values, target);
}
