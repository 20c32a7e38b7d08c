/** Files for libpq, read by a real psql: its password file and its service file, with passwords that need escaping. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPillion } from '../../support/pillion.ts';
import { tryProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { type Backend, startBackend } from './support/stack.ts';

const temp = useTempDir();
let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
  // A password of its own instead of tokens: what counts here is how it is written.
  await backend.postgres.allowPasswords('plain');
});
afterAll(() => backend.stop());

const PASSWORDS = ['simple', 'a:b\\c', '"quoted" \'too\'', '#;=%&?', 'ünï漢😀', 'x'.repeat(300)];

async function write(password: string, output: string, extra: readonly string[] = []): Promise<void> {
  await backend.postgres.sql(`ALTER ROLE plain PASSWORD '${password.replaceAll("'", "''")}'`);
  await writeFile(temp.join('secret'), password);
  const source = ['--provider', 'file', '--set', `path=${temp.join('secret')}`, '--user', 'plain'];
  const where = ['--host', '127.0.0.1', '--port', String(backend.postgres.port), '--database', 'app'];
  const result = await runPillion([
    'credentials',
    '--one-time',
    ...source,
    ...where,
    '--output',
    output,
    ...extra,
  ]);
  expect(result.code).toBe(0);
}

const psql = (args: readonly string[], env: Record<string, string>) =>
  tryProgram('psql', ['-XAtqw', ...args, '-c', 'SELECT current_user'], {
    cwd: '/',
    env: { PATH: process.env['PATH'], ...env },
  });

it.each(PASSWORDS)('psql logs in with %j from the password file', async (password) => {
  await write(password, `pgpass=${temp.join('pgpass')}`);
  const args = ['-h', '127.0.0.1', '-p', String(backend.postgres.port), '-U', 'plain', '-d', 'app'];
  expect(await psql(args, { PGPASSFILE: temp.join('pgpass') })).toMatchObject({ code: 0, stdout: 'plain\n' });
});

it.each(PASSWORDS)('psql logs in with %j from the service file', async (password) => {
  await write(password, `pg-service=${temp.join('services')}`);
  const result = await psql(['service=default'], { PGSERVICEFILE: temp.join('services') });
  expect(result).toMatchObject({ code: 0, stdout: 'plain\n' });
});

it('a service file with a longer line is refused by us before libpq refuses it', async () => {
  const line = (bytes: number) =>
    `[default]\nhost=127.0.0.1\npassword=${'x'.repeat(bytes - 'password='.length)}\n`;
  const said = async (bytes: number) => {
    await writeFile(temp.join('services'), line(bytes));
    return (await psql(['service=default'], { PGSERVICEFILE: temp.join('services') })).stderr;
  };
  expect(await said(1021)).not.toMatch(/line 3 too long/);
  expect(await said(1022)).toMatch(/line 3 too long/);
});
