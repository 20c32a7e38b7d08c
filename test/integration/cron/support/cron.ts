import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type PillionOptions, type RunningPillion, startPillion } from '../../../support/pillion.ts';
import { waitFor } from '../../../support/wait-for.ts';

/** A line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface RunningCron extends RunningPillion {
  readonly file: string;
  /** Replaces the crontab in place. */
  write(crontab: string): Promise<void>;
  log(): LogLine[];
  /** What jobs printed. */
  output(): string[];
  /** GETs a path of its server, which it must have been started with (`--http-bind`). */
  get(pathname: string): Promise<{ status: number; body: string }>;
}

export function parseLog(lines: readonly string[]): LogLine[] {
  return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
}

/** Starts `pillion cron FLAGS FILE` on a crontab in `directory`; ended with the test. */
export async function startCron(
  directory: string,
  crontab: string,
  flags: readonly string[] = [],
  options: PillionOptions & { readonly fileName?: string } = {},
): Promise<RunningCron> {
  const file = path.join(directory, options.fileName ?? 'crontab');
  await writeFile(file, crontab);
  const command = options.startedAs === undefined ? ['cron'] : [];
  const running = await startPillion([...command, ...flags, file], { cwd: directory, ...options });
  onTestFinished(async () => {
    await running.stop();
  });
  const log = () => parseLog(running.lines());
  return {
    ...running,
    file,
    write: (text) => writeFile(file, text),
    log,
    output: () => log().flatMap((line) => (line['channel'] === undefined ? [] : [line.msg])),
    async get(pathname) {
      const port = await waitFor(() => log().find(({ msg }) => msg === 'listening')?.['port'], {
        what: 'the port of the server',
      });
      const response = await fetch(`http://127.0.0.1:${String(port)}${pathname}`);
      return { status: response.status, body: await response.text() };
    },
  };
}

/** A crontab line that runs every second. */
export const everySecond = (command: string): string => `* * * * * * * ${command}\n`;
