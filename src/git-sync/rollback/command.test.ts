/** What the command line of `pillion git-sync rollback` may not ask for. */
import { expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import { rollbackCommand } from './command.ts';

it.each([
  ['--list', '--release'],
  ['--list', '5d2e84b7'],
  ['--release', '5d2e84b7'],
])('a rollback with %s and %s is an error of usage, before anything is looked at', async (...argv) => {
  let printed = '';
  const run = rollbackCommand({
    argv: [...argv, '--state-dir=/nonexistent'],
    env: {},
    cwd: '/',
    startedAs: 'pillion',
    secrets: createSecrets(),
    stdout: (text) => void (printed += text),
    stderr: () => {},
  });
  await expect(run).rejects.toMatchObject({
    code: 'usage',
    message: 'only one of HASH, --list and --release may be given',
  });
  expect(printed).toBe('');
});
