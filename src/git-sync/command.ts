/** `pillion git-sync`: reads the command line of either dialect and starts the sync. */
import type { CommandContext, ExitStatus } from '../core/command.ts';
import { createSecrets, type Secrets } from '../core/log/secrets.ts';
import { parseGitSync } from './cli/parse.ts';
import { createErrorFile } from './sync/error-file.ts';

/** Runs git-sync until it ends by itself or by a signal. */
export async function run(context: CommandContext): Promise<ExitStatus> {
  const secrets = createSecrets();
  try {
    return await runWith(secrets, context);
  } catch (error) {
    // Only a mistake of ours comes here, and it may quote anything.
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    context.stderr(`pillion: internal error: ${secrets.redact(told)}\n`);
    return 1;
  }
}

async function runWith(secrets: Secrets, context: CommandContext): Promise<ExitStatus> {
  const parsed = parseGitSync({
    argv: context.argv,
    env: context.env,
    startedAs: context.startedAs,
    cwd: context.cwd,
    onSecret: (value) => secrets.add(value),
  });
  if (parsed.kind === 'exit') {
    if (parsed.errorFile) {
      createErrorFile(parsed.errorFile.path, (why) =>
        context.stderr(`cannot write the error file: ${why}\n`),
      ).writeText(parsed.errorFile.text);
    }
    context.stderr(parsed.stderr);
    context.stdout(parsed.stdout);
    return parsed.code;
  }
  parsed.notes.stderr.forEach((note) => context.stderr(`${note}\n`));
  const { startGitSync } = await import('./start.ts');
  return startGitSync({ settings: parsed.settings, notes: parsed.notes.log, secrets, context });
}
