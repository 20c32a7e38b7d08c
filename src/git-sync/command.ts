/** `pillion git-sync`: reads the command line of either dialect and starts the sync. */
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { printableLines } from '../core/printable.ts';
import { favourMemory } from '../core/process/lean.ts';
import { parseGitSync } from './cli/parse.ts';
import { createErrorFile } from './error-file.ts';

/** Runs git-sync until it ends by itself or by a signal. */
export async function run(context: CommandContext): Promise<ExitStatus> {
  const { secrets } = context;
  const [word, ...more] = context.argv;
  if (word === 'schema' && more.length === 0) {
    const { printSchema } = await import('./repositories/schema.lazy.ts');
    return printSchema(context);
  }
  // Only as the very first word: git-sync ignores words among its flags.
  if (word === 'rollback') {
    const { rollbackCommand } = await import('./rollback/command.ts');
    return rollbackCommand({ ...context, argv: more });
  }
  const parsed = parseGitSync({
    argv: context.argv,
    env: context.env,
    startedAs: context.startedAs,
    cwd: context.cwd,
    secrets,
  });
  if (parsed.kind === 'exit') {
    if (parsed.errorFile) {
      const errorFile = createErrorFile({
        ...parsed.errorFile,
        onFailure: (why) => context.stderr(`cannot write the error file: ${why}\n`),
      });
      errorFile.writeText(parsed.errorFile.text);
      await errorFile.settled();
    }
    context.stderr(parsed.stderr);
    context.stdout(printableLines(parsed.stdout));
    return parsed.code;
  }
  const { oneTime } = parsed.kind === 'config' ? parsed.given.values : parsed.settings;
  if (!oneTime) {
    favourMemory();
  }
  parsed.notes.stderr.forEach((note) => context.stderr(`${note}\n`));
  if (parsed.kind === 'config') {
    const { runRepositories } = await import('./repositories/run.lazy.ts');
    return runRepositories({ asked: parsed, context });
  }
  const { runGitSync } = await import('./sync-process.ts');
  return runGitSync({ settings: parsed.settings, notes: parsed.notes.log, context });
}
