import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { type PillionOptions, type RunningPillion, startPillion } from '../../../support/pillion.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';
import { waitFor } from '../../../support/wait-for.ts';

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface RunningCredentials extends RunningPillion {
  log(): LogLine[];
  /** Lines with that message. */
  said(message: string): LogLine[];
  get(pathname: string): Promise<{ status: number; body: string }>;
  /** The one credential in /status. */
  status(): Promise<Readonly<Record<string, unknown>>>;
}

/** No session of the machine that runs the tests may be found, and no metadata service waited for. */
export const NO_AWS: Readonly<Record<string, string>> = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_CONFIG_FILE: '/nonexistent',
};

export function parseLog(lines: readonly string[]): LogLine[] {
  return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
}

/** A file of its own with the configuration; removed with the test. */
export async function writeConfiguration(text: string): Promise<string> {
  const directory = await makeTempDir('pillion-configuration-');
  onTestFinished(() => removeTempDir(directory));
  const file = path.join(directory, 'credentials.yaml');
  await writeFile(file, text);
  return file;
}

/** Starts `pillion credentials` with a configuration; ended with the test. */
export async function startCredentials(
  configuration: string,
  options: PillionOptions & { readonly flags?: readonly string[] } = {},
): Promise<RunningCredentials> {
  const file = await writeConfiguration(configuration);
  const { flags = [], env, ...rest } = options;
  const running = await startPillion(['credentials', '--config', file, ...flags], {
    ...rest,
    env: { ...NO_AWS, PATH: process.env['PATH'], ...env },
  });
  onTestFinished(async () => {
    await running.stop();
  });
  const log = () => parseLog(running.lines());
  const get = async (pathname: string) => {
    const port = await waitFor(() => log().find(({ msg }) => msg === 'listening')?.['port'], {
      what: 'the port of the server',
    });
    const response = await fetch(`http://127.0.0.1:${String(port)}${pathname}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    ...running,
    log,
    said: (message) => log().filter(({ msg }) => msg === message),
    get,
    async status() {
      const { credentials } = JSON.parse((await get('/status')).body) as {
        credentials: Readonly<Record<string, unknown>>[];
      };
      return credentials[0] ?? {};
    },
  };
}
