/** What programs of the user's print: secrets of webhooks before their first delivery, and what a credential program gives. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startHookServer } from '../../../support/hook-server.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { expectNoLeaks, makeCanary, makePlainCanary } from '../../../support/secret-canary.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { makeVersions, mustSync, syncOnce, writeProgram } from './support.ts';

const temp = useTempDir();
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** A webhook with every kind of secret, its files, and a line for the shell that prints them all. */
async function makeWebhooks(url: string) {
  const canaries = ['signature', 'password', 'token'].map((name) =>
    name === 'token' ? makePlainCanary(name) : makeCanary(name),
  );
  await mkdir(temp.join('secrets'));
  const files = canaries.map(({ name }) => temp.join('secrets', name));
  for (const [index, file] of files.entries()) {
    await writeFile(file, `${canaries[index]?.value}\n`);
  }
  const [signature = '', password = '', token = ''] = files;
  const webhooks = [
    { url, 'secret-file': signature, username: 'user', 'password-file': password },
    { url, 'bearer-file': token },
  ];
  const flags = webhooks.map((webhook) => `--webhook=${JSON.stringify(webhook)}`);
  return { canaries, files, flags, print: `cat ${files.join(' ')}; cat ${files.join(' ')} >&2` };
}

it('the secrets of a webhook are cut out of what a command prints that runs before the first delivery', async () => {
  const repository = await makeVersions(temp.join('repo.git'));
  const receiver = await startHookServer();
  stops.push(() => receiver.stop());
  const { canaries, flags, print } = await makeWebhooks(receiver.url);
  const root = temp.join('root');
  const more = [`--pre-publish=["sh", "-c", ${JSON.stringify(print)}]`, '--hook-output', '-v=9'];
  const result = await mustSync({ repo: repository.url, root, flags: [...flags, ...more] });
  expect(result.stderr).toContain('REDACTED');
  expectNoLeaks(canaries, { stdout: result.stdout, stderr: result.stderr });
  expect(receiver.requests.length).toBe(2);
});

it('they are cut out of the error of a command that fails, and of the error file', async () => {
  const repository = await makeVersions(temp.join('repo.git'));
  const { canaries, flags, print } = await makeWebhooks('http://127.0.0.1:1/');
  const more = [
    `--pre-publish=["sh", "-c", ${JSON.stringify(`${print}; exit 1`)}]`,
    `--error-file=${temp.join('error.json')}`,
  ];
  const result = await syncOnce({
    repo: repository.url,
    root: temp.join('root'),
    flags: [...flags, ...more],
  });
  expect(result.code).toBe(1);
  const file = await readFile(temp.join('error.json'), 'utf8');
  expect(file).toContain('REDACTED');
  expectNoLeaks(canaries, { stdout: result.stdout, stderr: result.stderr, file });
});

it('what a credential program gives is found nowhere, though a hook and the program itself print it', async () => {
  await makeVersions(temp.join('served', 'repo.git'));
  const password = makeCanary('program');
  const server = await startHttpGitServer({
    root: temp.join('served'),
    users: new Map([['user', password.value]]),
  });
  stops.push(() => server.stop());
  await writeFile(temp.join('answer'), `username=user\npassword=${password.value}\n`);
  const program = await writeProgram(
    temp.join('helper'),
    `cat ${temp.join('answer')}; cat ${temp.join('answer')} >&2`,
  );
  const hook = await writeProgram(temp.join('hook'), `cat ${temp.join('answer')}; exit 1`);
  const root = temp.join('root');
  const flags = [
    `--credential-command=["${program}", "get"]`,
    `--exechook-command=${hook}`,
    '--hook-output',
    '-v=9',
    `--error-file=${temp.join('error.json')}`,
  ];
  const result = await syncOnce({ repo: `${server.url}/repo.git`, root, flags });
  expect(result.stderr).toContain('REDACTED');
  const files = { error: await readFile(temp.join('error.json'), 'utf8').catch(() => '') };
  expectNoLeaks([password], { stdout: result.stdout, stderr: result.stderr, ...files });
});

it('a credential program that prints the secrets of a webhook and fails is told of without them', async () => {
  const repository = await makeVersions(temp.join('served', 'repo.git'));
  const server = await startHttpGitServer({ root: temp.join('served'), users: new Map([['user', 'x']]) });
  stops.push(() => server.stop());
  const { canaries, flags, files } = await makeWebhooks('http://127.0.0.1:1/');
  const program = await writeProgram(temp.join('helper'), `cat ${files[0]} >&2; exit 1`);
  const more = [`--credential-command=["${program}", "get"]`];
  const result = await syncOnce({
    repo: `${server.url}/${path.basename(repository.path)}`,
    root: temp.join('root'),
    flags: [...flags, ...more],
  });
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('credential_command_failed');
  expectNoLeaks(canaries, { stdout: result.stdout, stderr: result.stderr });
});
