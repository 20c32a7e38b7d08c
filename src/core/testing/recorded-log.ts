import { createLog, type Log } from '../log/log.ts';
import { createSecrets } from '../log/secrets.ts';

/** A real log that keeps its lines. */
export function createRecordedLog(verbosity = 9): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
  };
  return { log: createLog({ verbosity, secrets: createSecrets(), write }), lines };
}
