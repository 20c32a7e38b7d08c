import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import { readEnvFile } from './env-file.ts';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pillion-env-'));
  file = path.join(directory, 'env');
});
afterEach(() => rm(directory, { recursive: true }));

describe('an env-file', () => {
  it('has NAME=value lines, also with export, comments, blank lines and CRLF; long values become secrets', async () => {
    const secrets = createSecrets();
    await writeFile(file, '# of the database\r\nexport A="file"\nB=\n\nDB_PASSWORD=correct-horse\n');
    expect(await readEnvFile(file, secrets)).toEqual({ A: 'file', B: '', DB_PASSWORD: 'correct-horse' });
    expect(secrets.redact('file <correct-horse>')).toBe('file <REDACTED>');
  });

  it.each([
    ['that is not there', undefined, ': there is no such file'],
    ['with a line that is no variable', 'A=1\n\nhunter2-hunter2\n', ':3: this is not NAME=value'],
    ['with a NUL byte', 'A=a\0b\n', ':1: this is not NAME=value'],
  ])('%s is refused with its place, and no line is repeated', async (_, text, expected) => {
    if (text !== undefined) {
      await writeFile(file, text);
    }
    await expect(readEnvFile(file, createSecrets())).rejects.toMatchObject({
      code: 'bad_env_file',
      message: `env-file ${file}${expected}`,
    });
  });
});
