/**
 * `pillion credentials helper NAME`: what is large, caches or may hang is done in a short process of its own. Its request
 * comes on standard input and its reply goes to standard output, both as JSON, so that no secret is in argv.
 */
import { text } from 'node:stream/consumers';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { type ConfigurationRequest, loadHere, replyWith } from '../config/load.ts';
import { parseJson } from '../providers/answer.ts';

const HELPERS = ['aws-session', 'configuration', 'login', 'pgbouncer', 'rds-token'] as const;
export type HelperName = (typeof HELPERS)[number];

export async function helperCommand(context: CommandContext): Promise<ExitStatus> {
  const [name = ''] = context.argv;
  forgetLibpqVariables(process.env);
  const reply = await help(name, parseJson(await text(process.stdin), 'standard input'), context);
  context.stdout(JSON.stringify(reply));
  return 0;
}

/** The client library would take users, passwords and options from these. */
function forgetLibpqVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env).filter((key) => key.startsWith('PG'))) {
    delete env[name];
  }
}

async function help(name: string, request: unknown, context: CommandContext): Promise<unknown> {
  switch (name) {
    case 'configuration':
      return replyWith(loadHere(context.env), request as ConfigurationRequest);
    case 'login': {
      const { answerLogin } = await import('./postgres.lazy.ts');
      return answerLogin(request);
    }
    case 'pgbouncer': {
      const { answerPgbouncer } = await import('./postgres.lazy.ts');
      return answerPgbouncer(request);
    }
    case 'aws-session': {
      const { answerAwsSession } = await import('./aws-session.lazy.ts');
      return answerAwsSession(request, process.env);
    }
    case 'rds-token': {
      const { answerRdsToken } = await import('./rds-token.lazy.ts');
      return answerRdsToken(request, process.env);
    }
    default:
      throw usageError(
        `there is no helper ${JSON.stringify(name)}`,
        'this command is for the program itself',
      );
  }
}
