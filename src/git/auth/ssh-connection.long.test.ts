/** What passes through a connection to a real SSH server that is kept. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSshServer } from '../../../test/support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { run } from '../../core/exec/run.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { gitSettings, sshSettings } from '../testing/settings.ts';
import { sshCommand } from './ssh.ts';
import { createSshConnection } from './ssh-connection.ts';

it.each([
  ['', ''],
  [' in a directory whose name is too long for a socket, and not plain', `/${'a long name '.repeat(12)}`],
])('a kept SSH connection%s hands on which version of its protocol git speaks', async (_, name) => {
  const temp = await makeTempDir('p-');
  onTestFinished(() => removeTempDir(temp));
  const directory = `${temp}${name}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const server = await startSshServer(join(temp, 'server'));
  onTestFinished(async () => server.stop());
  const destination = ['-p', String(server.port), `${server.user}@127.0.0.1`];
  const { log } = createRecordedLog();
  const connection = createSshConnection({ directory, destination, keepMs: 60_000, log });
  onTestFinished(async () => connection?.close());
  const { signal } = new AbortController();
  const settings = gitSettings({ ssh: sshSettings({ knownHostsFile: server.knownHostsPath }) });
  const init = { settings, base: undefined, keyFiles: [server.keyPath] };
  const env = { PATH: String(process.env['PATH']), GIT_PROTOCOL: 'version=2' };
  const ask = async () => {
    await connection?.prepare({ command: sshCommand(init), env, identity: 'key' }, signal);
    const ssh = sshCommand({ ...init, more: connection?.words });
    const words = ['-o', 'SendEnv=GIT_PROTOCOL', ...destination, 'echo $GIT_PROTOCOL'];
    const { stdout } = await run('/bin/sh', ['-c', `exec ${ssh} "$@"`, 'ssh', ...words], { env });
    connection?.rest();
    return stdout;
  };
  for (let time = 0; time < 3; time += 1) {
    expect(await ask()).toBe('version=2\n');
  }
  expect(server.connections()).toBe(2);
});
