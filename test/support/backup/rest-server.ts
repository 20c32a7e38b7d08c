/** restic's own REST server, with a user per repository. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../postgres/postgres-server.ts';
import { waitFor } from '../wait-for.ts';

export interface RestServer {
  readonly port: number;
  /** `rest:http://USER:PASSWORD@127.0.0.1:PORT/USER/` */
  location(user: string, password?: string): string;
  stop(): Promise<void>;
}

export interface RestOptions {
  /** Nothing can be removed but locks. */
  readonly isAppendOnly?: boolean;
}

const PASSWORD = 'secret-of-rest';

/** Each of the users has a repository of the same name, and sees no other. A directory can be served again. */
export async function startRestServer(
  program: string,
  directory: string,
  users: readonly string[],
  options: RestOptions = {},
): Promise<RestServer> {
  mkdirSync(directory, { recursive: true });
  const passwords = path.join(directory, '.htpasswd');
  writeFileSync(passwords, users.map((user) => `${user}:${hashed(PASSWORD)}\n`).join(''));
  const port = await freePort();
  const flags = ['--path', directory, '--listen', `127.0.0.1:${port}`, '--private-repos'];
  const more = options.isAppendOnly === true ? ['--append-only'] : [];
  const child = spawn(program, [...flags, '--htpasswd-file', passwords, ...more], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/`)).status > 0, {
    what: "restic's REST server",
    timeoutMs: 30_000,
    intervalMs: 50,
  });
  return {
    port,
    location: (user, password = PASSWORD) => `rest:http://${user}:${password}@127.0.0.1:${port}/${user}/`,
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** As htpasswd's -s writes it. */
function hashed(password: string): string {
  return `{SHA}${createHash('sha1').update(password).digest('base64')}`;
}
