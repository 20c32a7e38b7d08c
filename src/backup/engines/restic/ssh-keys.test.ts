import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keyCopy } from './access.ts';
import { copyKeys } from './ssh-keys.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pillion-keys-'));
});
afterEach(() => rm(directory, { recursive: true }));

const location = 'sftp:user@host:/path';

it('gives ssh a private copy with whole lines, whatever the mount has made of the key', async () => {
  const file = join(directory, 'key');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const key = await readFile(file, 'utf8');
  await writeFile(join(directory, 'mounted'), key.trimEnd().replaceAll('\n', '\r\n'), { mode: 0o644 });
  const work = join(directory, 'work');
  expect(await copyKeys({ location, sshKeyFiles: [join(directory, 'mounted')] }, work)).toBeUndefined();
  expect(await readFile(keyCopy(work, 0), 'utf8')).toBe(key);
  expect((await stat(keyCopy(work, 0))).mode & 0o777).toBe(0o600);
});

it('says what is wrong with a key before ssh is asked', async () => {
  const missing = join(directory, 'missing');
  const found = await copyKeys({ location, sshKeyFiles: [missing] }, join(directory, 'work'));
  expect(found).toMatchObject({ kind: 'denied', message: `the SSH key ${missing} does not exist` });
});

it('touches no key for stores that ssh does not reach', async () => {
  const sshKeyFiles = [join(directory, 'missing')];
  expect(await copyKeys({ location: 's3:http://h/b', sshKeyFiles }, directory)).toBeUndefined();
});
