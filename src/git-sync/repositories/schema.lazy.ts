/** `pillion git-sync schema`. A bundle of its own: a sync needs nothing of it. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { configSchemaText } from './config/json-schema.ts';

export function printSchema({ stdout }: CommandContext): ExitStatus {
  stdout(configSchemaText());
  return 0;
}
